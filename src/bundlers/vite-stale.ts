/** A dev server of Vite, as far as it keeps modules. A bundling one keeps no graph of them. */
export interface KeepingServer {
  environments: Record<string, { config: { isBundled?: boolean }; moduleGraph: ModuleGraph }>
}

interface ModuleGraph {
  getModuleById(id: string): object | undefined
  invalidateModule(module: object): void
}

/**
 * Makes the next load of a page get a module anew, which Vite would keep as it is over any number of page loads. An open
 * page is told nothing, and goes on with what it has.
 */
export function forgetModule({ environments }: KeepingServer, id: string): void {
  for (const { config, moduleGraph } of Object.values(environments)) {
    const module = config.isBundled ? undefined : moduleGraph.getModuleById(id)
    if (module) moduleGraph.invalidateModule(module)
  }
}
