import { existsSync } from 'node:fs'
import PQueue from 'p-queue'
import { blobsOf, type BlobRef, type Entry } from '../entry.ts'
import type { Clock } from '../../system/clock.ts'
import { errnoOf } from '../../system/errors.ts'
import { Fault } from '../../system/transfer.ts'
import type { TeamStore } from './team-store.ts'

const AT_ONCE = 4
const NO_CREDENTIALS =
  'there are no credentials to write to it, so models made here exist nowhere else; with credentials, `unplugin-meshy push` uploads them'

interface UploadsInit {
  /** Undefined if this run may not write. */
  team: TeamStore | undefined
  pathOf: (ref: BlobRef) => string
  clock: Clock
}

/** Uploads to the team store during a build, which are awaited at its end. */
export class Uploads {
  readonly #queue = new PQueue({ concurrency: AT_ONCE })
  #stop = new AbortController()
  readonly #init: UploadsInit
  /** By key: settled when the model is in the store, or could not be uploaded. */
  readonly #running = new Map<string, Promise<void>>()
  /** What still has to be done after uploads, whatever becomes of them. */
  readonly #steps = new Set<() => Promise<void>>()
  #failed = 0
  #broken: unknown

  constructor(init: UploadsInit) {
    this.#init = init
  }

  /** Uploads the files of an entry, then the entry: whoever finds it also finds its bytes. */
  add(entry: Entry): void {
    const { team } = this.#init
    if (!team) return
    const upload = this.#run(() => this.#upload(team, entry)).finally(() => {
      if (this.#running.get(entry.key) === upload) this.#running.delete(entry.key)
    })
    this.#running.set(entry.key, upload)
  }

  /** Runs `step` once the model of a key is in the store, where others can find it. {@link finish} waits for that. */
  after(key: string, step: () => Promise<void>): void {
    const uploaded = this.#running.get(key) ?? Promise.resolve()
    this.#steps.add(step)
    void this.#run(async () => {
      await uploaded
      if (this.#steps.delete(step)) await step()
    })
  }

  /**
   * Waits for uploads in progress, but no longer than this, and gives up the rest.
   *
   * @returns how many models are not, or not completely, in the store
   */
  async finish(limitMs: number): Promise<number> {
    const { clock } = this.#init
    const waiting = new AbortController()
    const timeIsUp = clock.sleep(limitMs, waiting.signal).catch(() => undefined)
    await Promise.race([this.#queue.onIdle(), timeIsUp])
    waiting.abort()
    const count = this.#giveUp() + this.#failed
    await this.#takeSteps()
    this.#failed = 0
    const broken = this.#broken
    this.#broken = undefined
    if (broken !== undefined) throw broken
    return count
  }

  /** A run that continues, as a watching one does, starts over with what comes next. */
  #giveUp(): number {
    if (this.#queue.size + this.#queue.pending === 0) return 0
    // What waits for an upload is no model of its own.
    const left = this.#running.size
    this.#queue.clear()
    this.#running.clear()
    this.#stop.abort()
    this.#stop = new AbortController()
    return left
  }

  /** Others wait for them: a lease is released even if its model has not been uploaded yet. */
  async #takeSteps(): Promise<void> {
    const steps = [...this.#steps]
    this.#steps.clear()
    await Promise.all(steps.map((step) => step()))
  }

  /** Errors are reported at the end: nobody waits for them before. */
  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await this.#queue.add(work)
    } catch (error) {
      this.#broken ??= error
    }
  }

  async #upload(team: TeamStore, entry: Entry): Promise<void> {
    const { pathOf } = this.#init
    const { signal } = this.#stop
    try {
      if (!(await team.canWrite())) return team.complain(NO_CREDENTIALS)
      for (const ref of blobsOf(entry)) {
        // An extra or derived file whose bytes are not here is left to whoever has them.
        if (existsSync(pathOf(ref))) await team.keep(ref, pathOf(ref), { signal })
      }
      if (entry.source === 'meshy') await team.keepEntry(entry, signal)
    } catch (error) {
      if (signal.aborted) return
      const errno = errnoOf(error)
      if (!(error instanceof Fault) && errno === undefined) throw error
      this.#failed += 1
      team.complain(error instanceof Fault ? error : `a file of ${entry.image} cannot be read (${errno})`)
    }
  }
}
