import { existsSync } from 'node:fs'
import PQueue from 'p-queue'
import { blobsOf, type BlobRef, type Entry } from '../store/entry.ts'
import type { Clock } from '../system/clock.ts'
import { StoreFault } from './store-fault.ts'
import type { TeamStore } from './team-store.ts'

const AT_ONCE = 4

export interface UploadsInit {
  /** Undefined where this run may not write. */
  team: TeamStore | undefined
  pathOf: (ref: BlobRef) => string
  clock: Clock
  /** Hears once why something could not be uploaded. */
  warn: (text: string) => void
}

/** What goes to the team's store beside a build, and is awaited at its end. */
export class Uploads {
  readonly #queue = new PQueue({ concurrency: AT_ONCE })
  readonly #stop = new AbortController()
  readonly #init: UploadsInit
  /** By key: settled when the model is in the store, or could not be brought there. */
  readonly #running = new Map<string, Promise<void>>()
  #failed = 0

  constructor(init: UploadsInit) {
    this.#init = init
  }

  /** Uploads the files of an entry, then the entry: who finds it, finds its bytes. */
  add(entry: Entry): void {
    const { team } = this.#init
    if (team)
      this.#running.set(
        entry.key,
        this.#queue.add(() => this.#upload(team, entry)),
      )
  }

  /** Runs `step` when the model of a key is in the store: then others find it there. {@link finish} waits for that. */
  after(key: string, step: () => Promise<void>): void {
    const uploaded = this.#running.get(key) ?? Promise.resolve()
    void this.#queue.add(async () => {
      await uploaded
      await step()
    })
  }

  /**
   * Waits for what is on its way, for so long at most.
   *
   * @returns how many models are not, or not wholly, in the store
   */
  async finish(limitMs: number): Promise<number> {
    const { clock } = this.#init
    const waiting = new AbortController()
    const timeIsUp = clock.sleep(limitMs, waiting.signal).catch(() => undefined)
    await Promise.race([this.#queue.onIdle(), timeIsUp])
    waiting.abort()
    const left = this.#queue.size + this.#queue.pending
    this.#queue.clear()
    this.#stop.abort()
    const count = left + this.#failed
    this.#failed = 0
    return count
  }

  async #upload(team: TeamStore, entry: Entry): Promise<void> {
    const { pathOf, warn } = this.#init
    const { signal } = this.#stop
    try {
      if (!(await team.canWrite())) return
      for (const ref of blobsOf(entry)) {
        // An extra or a derivation whose bytes are not here is whoever's who has them.
        if (existsSync(pathOf(ref))) await team.keep(ref, pathOf(ref), { signal })
      }
      if (entry.source === 'meshy') await team.keepEntry(entry, signal)
    } catch (error) {
      if (signal.aborted) return
      this.#failed += 1
      if (!(error instanceof StoreFault)) throw error
      warn(`the team's store ${team.label} ${error.message}; \`unplugin-meshy push\` uploads what it lacks`)
    }
  }
}
