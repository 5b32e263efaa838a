import type { EnvironmentModuleNode, ViteDevServer } from 'vite'
import { toPosix } from './resolve.ts'
import type { StateFile } from '../run/asset.ts'
import { isTouched } from '../run/live/state-file.ts'
import { formatThrown } from '../system/errors.ts'

/** One `stat` for each module whose model is not shown yet. */
const INTERVAL_MS = 500

/** What a module waits for. */
interface Waiting {
  file: StateFile
  /** Whether the file is in a folder in which Vite watches nothing. */
  isSkipped: boolean
  /** When Vite last updated the module. */
  updatedAt: number
  wasTouched: boolean
}

/**
 * Tells Vite about changes of state files that it misses: it watches nothing in some folders, and a change means nothing
 * to it as long as the module that depends on the file has not passed all plugins.
 */
export class UnseenStates {
  readonly #server: ViteDevServer
  readonly #find: (id: string) => EnvironmentModuleNode[]
  /** By module, until it is loaded again. */
  readonly #waiting = new Map<string, Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(server: ViteDevServer, find: (id: string) => EnvironmentModuleNode[]) {
    this.#server = server
    this.#find = find
  }

  /** A module was loaded, and depends on a state file or not. */
  set(id: string, file: StateFile | undefined): void {
    this.#waiting.delete(id)
    if (file === undefined || this.#server.config.server.watch === null) return
    const isSkipped = /\/(?:node_modules|\.git)\//.test(toPosix(file.path))
    if (this.#isBundled() && !isSkipped) return
    const updatedAt = lastUpdateOf(this.#find(id))
    this.#waiting.set(id, { file, isSkipped, updatedAt, wasTouched: false })
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#waiting.clear()
  }

  /** Nobody waits for this, and its failure must not end a server. */
  async #look(): Promise<void> {
    const { config, watcher } = this.#server
    try {
      const missed = new Set<string>()
      for (const [id, one] of this.#waiting) if (await this.#isMissed(id, one)) missed.add(one.file.path)
      for (const file of missed) watcher.emit('change', file)
    } catch (error) {
      this.close()
      config.logger.warn(
        `meshy: models may have arrived; restart the server to see them. ${formatThrown(error)}`,
      )
    }
  }

  async #isMissed(id: string, waiting: Waiting): Promise<boolean> {
    const { file, isSkipped, updatedAt } = waiting
    const modules = this.#find(id)
    const isComplete = (module: EnvironmentModuleNode) => dependsOn(module, file)
    if (!this.#isBundled() && !modules.some(isComplete)) return false
    const isChanged = await isTouched(file)
    if (this.#waiting.get(id) !== waiting) return false
    if (!isChanged) {
      // Vite hears of everything from now on.
      if (!isSkipped && modules.every(isComplete)) this.#waiting.delete(id)
      return false
    }
    // It may be about to hear of it.
    const isSure = isSkipped || waiting.wasTouched
    waiting.wasTouched = true
    return isSure && this.#waiting.delete(id) && lastUpdateOf(modules) === updatedAt
  }

  #isBundled(): boolean {
    return Object.values(this.#server.environments).some(({ config }) => config.isBundled)
  }
}

function dependsOn({ importedModules }: EnvironmentModuleNode, { path: file }: StateFile): boolean {
  return [...importedModules].some((module) => module.file === toPosix(file))
}

function lastUpdateOf(modules: readonly EnvironmentModuleNode[]): number {
  return Math.max(0, ...modules.map(({ lastHMRTimestamp }) => lastHMRTimestamp))
}
