import { formatThrown } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import { isTouched, touchStateFile } from '../run/live/state-file.ts'
import type { StateFile } from '../run/asset.ts'
import type { Loaded } from './adapter.ts'
import type { Session } from './session.ts'

/** What a build shows of a model that may change by itself. */
interface Unsettled {
  /** Of its module. */
  id: string
  key: string
  file: StateFile
  context: Context
}

/** A card that a mesh may replace. */
interface Late {
  key: string
  context: Context
  improved: Promise<boolean>
}

/**
 * Watchers start to watch a file some time after the build that loaded it, and do not say when. A change that came
 * before that is repeated after pauses like these, until its module is loaded again.
 */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000]

/** The builds of a watcher of the Rollup family, which would otherwise miss changes of models. */
export class WatchBuilds {
  /** How often modules were loaded, by their ID. */
  readonly #loads = new Map<string, number>()
  /** Of the build in progress. */
  readonly #unsettled: Unsettled[] = []
  /** Modules with a card whose mesh is being made. */
  #late = 0
  /** By key: meshes that exist now, and are in no build yet. */
  readonly #better = new Map<string, Context>()
  #closing = new AbortController()

  add({ id, asset, context }: Loaded): void {
    if (!asset) return
    const { stateFile, improved, metadata } = asset
    const { key } = metadata
    this.#loads.set(id, this.#loadsOf(id) + 1)
    if (stateFile) this.#unsettled.push({ id, key, file: stateFile, context })
    if (improved) this.#run(context, (signal) => this.#settle({ key, context, improved }, signal))
  }

  end(): void {
    for (const one of this.#unsettled.splice(0)) this.#run(one.context, (signal) => this.#repeat(one, signal))
  }

  /** Called when the watcher was closed. Another one may follow. */
  close(): void {
    this.#closing.abort()
    this.#closing = new AbortController()
  }

  async #repeat({ id, key, file, context }: Unsettled, signal: AbortSignal): Promise<void> {
    const loads = this.#loadsOf(id)
    for (const pauseMs of PAUSES_MS) {
      await context.ports.clock.sleep(pauseMs, signal)
      if (this.#loadsOf(id) > loads) return
      if (await isTouched(file)) await touchStateFile(context.ports, key)
    }
  }

  /** All late meshes go into one build together, not into one build each. */
  async #settle({ key, context, improved }: Late, signal: AbortSignal): Promise<void> {
    this.#late++
    if (await improved) this.#better.set(key, context)
    this.#late--
    if (this.#late > 0 || signal.aborted) return
    const better = [...this.#better]
    this.#better.clear()
    await Promise.all(better.map(([one, of]) => touchStateFile(of.ports, one)))
  }

  #loadsOf(id: string): number {
    return this.#loads.get(id) ?? 0
  }

  /** Nobody waits for this, and its failure must not end a watcher. */
  #run({ ports }: Context, work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#closing
    work(signal).catch((error: unknown) => {
      if (signal.aborted) return
      ports.reporter.logger.warn(
        `meshy: a model may have arrived that this build does not show. ${formatThrown(error)}`,
      )
    })
  }
}

/** Nobody is watching any more. */
export function closeWatcher(session: Session, watchBuilds: WatchBuilds): void {
  watchBuilds.close()
  session.close()
}
