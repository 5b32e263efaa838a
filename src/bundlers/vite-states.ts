import type { ViteDevServer } from 'vite'
import type { StateFile } from '../run/asset.ts'
import { isTouched } from '../run/live/state-file.ts'
import { formatThrown } from '../system/errors.ts'
import { toPosix } from './resolve.ts'

/** One `stat` for each model that is not shown yet. */
const INTERVAL_MS = 500

/** The state files that the watcher of a dev server skips: Vite watches nothing in these folders. */
export class UnseenStates {
  readonly #server: ViteDevServer
  readonly #files = new Map<string, StateFile>()
  #timer: NodeJS.Timeout | undefined

  constructor(server: ViteDevServer) {
    this.#server = server
  }

  add(file: StateFile | undefined): void {
    const isUnseen = file !== undefined && /\/(?:node_modules|\.git)\//.test(toPosix(file.path))
    // An earlier import of the same model has waited for longer.
    if (!isUnseen || this.#server.config.server.watch === null || this.#files.has(file.path)) return
    this.#files.set(file.path, file)
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#files.clear()
  }

  /** Nobody waits for this, and its failure must not end a server. */
  async #look(): Promise<void> {
    const { config, watcher } = this.#server
    try {
      for (const file of this.#files.values()) {
        if (!this.#isKnown(file.path) || !(await isTouched(file))) continue
        // Whoever loads the module again adds it again.
        if (this.#files.delete(file.path)) watcher.emit('change', file.path)
      }
    } catch (error) {
      this.close()
      config.logger.warn(
        `meshy: models may have arrived; restart the server to see them. ${formatThrown(error)}`,
      )
    }
  }

  /** Whether a module that depends on it has been served: before that, nobody would be told of a change. */
  #isKnown(file: string): boolean {
    return Object.values(this.#server.environments).some(
      ({ config, moduleGraph }) => config.isBundled || moduleGraph.getModulesByFile(toPosix(file)),
    )
  }
}
