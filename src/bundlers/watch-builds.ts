import { standInsUnderWay } from '../pipeline/live/stand-in.ts'
import { isTouched, touchStateFile, type StateFile } from '../pipeline/live/state-file.ts'
import type { Loaded } from './adapter.ts'
import type { Session, SettledStandIn } from './session.ts'

/**
 * Watchers begin to watch a file some moment after the build that loaded it, and do not say when. A change that came
 * earlier is made again after pauses like these, until they have built.
 */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000]

/** The builds of a watcher of the Rollup family. No change of a model is lost between them. */
export class WatchBuilds {
  readonly #session: Session
  #build = 0
  /** By key: models that are something else in this build than they will be. */
  #unsettled = new Map<string, StateFile>()
  /** Keys of stand-ins that are better than those that were built. */
  #better = new Set<string>()

  constructor(session: Session) {
    this.#session = session
  }

  start(): void {
    this.#build++
    this.#unsettled.clear()
    this.#session.onStandInSettled = (standIn) => void this.#settle(standIn)
  }

  add({ asset }: Loaded): void {
    if (asset?.stateFile) this.#unsettled.set(asset.metadata.key, asset.stateFile)
  }

  async end(): Promise<void> {
    const build = this.#build
    const context = await this.#session.context()
    for (const pauseMs of PAUSES_MS) {
      await context.clock.sleep(pauseMs)
      if (this.#build !== build) return
      for (const [key, file] of this.#unsettled) {
        if (await isTouched(file)) await touchStateFile(context, key)
      }
    }
  }

  /** When the watcher was closed. */
  close(): void {
    this.#build++
    this.#session.onStandInSettled = () => {}
  }

  /** One build shows all stand-ins that got better, and not each of them. */
  async #settle({ key, isBetter }: SettledStandIn): Promise<void> {
    if (isBetter) this.#better.add(key)
    const context = await this.#session.context()
    if (standInsUnderWay(context) > 0) return
    const keys = [...this.#better]
    this.#better.clear()
    for (const one of keys) await touchStateFile(context, one)
  }
}
