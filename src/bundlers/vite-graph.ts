import type { EnvironmentModuleNode, ViteDevServer } from 'vite'
import type { Loaded } from './adapter.ts'
import { toPosix } from './resolve.ts'
import { UnseenStates } from './vite-states.ts'

/** The module graphs of a dev server, one for each environment. A bundling environment keeps none. */
export class ServedModules {
  readonly #environments: ViteDevServer['environments']
  /** What a module was when something imported it. One that never was imported is an entry. */
  readonly #imported = new WeakMap<EnvironmentModuleNode, EnvironmentModuleNode['transformResult']>()

  readonly #unseen: UnseenStates
  readonly #watcher: ViteDevServer['watcher']
  /** Files whose change may fix a module that could not be loaded. */
  readonly #mending = new Set<string>()

  constructor(server: ViteDevServer) {
    this.#environments = server.environments
    this.#unseen = new UnseenStates(server, (id) => this.#find(id))
    this.#watcher = server.watcher
    this.#watcher.on('all', (_event, file) => {
      if (this.#mending.delete(toPosix(file))) this.client.hot.send({ type: 'full-reload' })
    })
  }

  /** Reloads the page once when a file changes or appears: Vite follows only modules that could be loaded. */
  reloadAt(file: string): void {
    this.#mending.add(toPosix(file))
    this.#watcher.add(file)
  }

  /** The server has closed. */
  close(): void {
    this.#unseen.close()
  }

  /** The environment of pages. */
  get client(): ViteDevServer['environments']['client'] {
    return this.#environments.client
  }

  /** Remembers what imports a module now, what imports that, and so on; and looks at the state of its model. */
  note({ id, asset }: Pick<Loaded, 'id' | 'asset'>): void {
    this.#unseen.set(id, asset?.stateFile)
    const above = new Set(this.#find(id))
    // It grows while it is read.
    for (const module of above) {
      if (module.importers.size > 0) this.#imported.set(module, module.transformResult)
      for (const importer of module.importers) above.add(importer)
    }
  }

  /** Whether imports still lead from an entry to a module; assumed if no environment knows it. */
  isImported(id: string): boolean {
    const modules = this.#find(id)
    const known = new Map<EnvironmentModuleNode, boolean>()
    return (
      modules.length === 0 ||
      modules.some((module) => importersOf(module).length > 0 && !this.#isLeftOver(module, known))
    )
  }

  /**
   * Makes the next page load get a module again, which Vite would otherwise keep over any number of page loads. An open
   * page is not notified, and continues with what it has.
   */
  forget(id: string): void {
    for (const graph of this.#graphs()) {
      const module = graph.getModuleById(id)
      if (module) graph.invalidateModule(module)
    }
  }

  /**
   * Modules that import each other count as imported, because an entry may be one of them. So does a module that was
   * loaded anew since it lost its importers.
   */
  #isLeftOver(module: EnvironmentModuleNode, known: Map<EnvironmentModuleNode, boolean>): boolean {
    const answer = known.get(module)
    if (answer !== undefined) return answer
    known.set(module, false)
    const importers = importersOf(module)
    const isLeftOver =
      importers.length > 0
        ? importers.every((importer) => this.#isLeftOver(importer, known))
        : module.transformResult !== null && module.transformResult === this.#imported.get(module)
    known.set(module, isLeftOver)
    return isLeftOver
  }

  #find(id: string): EnvironmentModuleNode[] {
    return this.#graphs().flatMap((graph) => graph.getModuleById(id) ?? [])
  }

  #graphs() {
    return Object.values(this.#environments).flatMap(({ config, moduleGraph }) =>
      config.isBundled ? [] : moduleGraph,
    )
  }
}

/** Without those that import nothing any more: Vite 6 and 7 do not notice when the last import of a module is removed. */
function importersOf({ importers }: EnvironmentModuleNode): EnvironmentModuleNode[] {
  return [...importers].filter(({ transformResult }) => /import|from|^$/.test(transformResult?.code ?? ''))
}
