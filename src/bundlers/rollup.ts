import { existsSync } from 'node:fs'
import path from 'node:path'
import type { PluginContext, ResolveFileUrlHook } from 'rollup'
import { MODULE_ID } from '../run/imports.ts'
import type { Adapter, AdapterParts, NativeContext } from './adapter.ts'
import { CopyMode, outputHooks } from './rollup-output.ts'
import { fromModuleId, plainIds } from './module-id.ts'
import { pathOf } from './resolve.ts'
import type { Session } from './session.ts'
import { rollupUrl } from './url.ts'
import { closeWatcher, WatchBuilds } from './watch-builds.ts'

/** What Rollup and Rolldown say about a reference that is to become the code of a URL. */
type FileUrl = Pick<Parameters<ResolveFileUrlHook>[0], 'fileName' | 'relativePath' | 'format' | 'moduleId'>

export function createRollupAdapter(session: Session, { api }: AdapterParts): Adapter {
  const { adapter, hooks } = createFamily(session, () => null)
  return { ...adapter, hooks: { rollup: { ...hooks, api } } }
}

/** Rolldown behaves like Rollup, except for scripts, where it knows no place that a URL could be relative to. */
export function createRolldownAdapter(session: Session, { api }: AdapterParts): Adapter {
  const { adapter, hooks } = createFamily(session, ({ format, relativePath }) =>
    ['iife', 'umd'].includes(format) ? urlFromScript(relativePath) : null,
  )
  const options = ({ cwd: root = process.cwd() }: { cwd?: string | undefined }) => {
    // Simultaneous builds share a run, which knows the modules of all of them: the root of the first one counts.
    if (!session.isBuilding) session.adopt({ root, envDir: root })
    return null
  }
  return {
    ...adapter,
    watchFile: watchWithFolder,
    hooks: { rolldown: { ...hooks, options, api } },
  }
}

/** Unlike Rollup, Rolldown watches only what exists: a missing file shows in its folder. */
export function watchWithFolder(native: NativeContext, file: string): void {
  const { meta } = native as Partial<PluginContext>
  native.addWatchFile(file)
  if (meta && 'rolldownVersion' in meta && !existsSync(file)) native.addWatchFile(path.dirname(file))
}

/** @param defaultUrl the code of a URL if no `publicPath` is given; null for the bundler's default */
function createFamily(session: Session, defaultUrl: (file: FileUrl) => string | null) {
  let publicPath: string | undefined
  const copyMode = new CopyMode(session)
  const [watchBuilds, graphs] = [new WatchBuilds(), new Graphs()]
  const adapter: Omit<Adapter, 'hooks'> = {
    start: (native, input) => {
      session.begin({ live: (native as PluginContext).meta?.watchMode === true })
      graphs.follow(native, JSON.stringify(input))
    },
    end: (native, isWhole) => {
      session.finish()
      graphs.keep(native, isWhole)
      watchBuilds.end()
    },
    activity: () => graphs.size(),
    isImported: (id) => graphs.isImported(id),
    resolver: (native) => native as unknown as PluginContext,
    moduleIds: plainIds,
    urlOf: (native, id) => copyMode.urlOf(rollupUrl(native as PluginContext, pathOf(fromModuleId(id)))),
    afterLoad: (_, loaded) => {
      publicPath = loaded.context.ports.options.publicPath
      watchBuilds.add(loaded)
    },
  }
  const resolveFileUrl = (file: FileUrl) => {
    if (!MODULE_ID.test(file.moduleId)) return null
    return publicPath === undefined ? defaultUrl(file) : JSON.stringify(publicPath + encodeURI(file.fileName))
  }
  return {
    adapter,
    hooks: {
      ...outputHooks(copyMode),
      resolveFileUrl,
      closeWatcher: () => closeWatcher(session, watchBuilds),
    },
  }
}

/** Scripts have no `import.meta`; the URLs of their files are relative to the script. */
function urlFromScript(relativePath: string): string {
  const script = 'document.currentScript && document.currentScript.src || document.baseURI'
  return `new URL(${JSON.stringify(encodeURI(relativePath))}, ${script}).href`
}

/**
 * The module graphs of a plugin object: several builds may run at once, and a watcher builds each of its configs anew.
 * While one grows, any of its modules may gain importers.
 */
export class Graphs {
  readonly #growing: { native: ModuleGraph; build: string }[] = []
  /** By build: its modules of ours that are imported. */
  readonly #grown = new Map<string, ReadonlySet<string>>()
  #grownSize = 0

  /** @param build distinguishes builds, and is the same each time that a watcher repeats one */
  follow(native: NativeContext & ModuleGraph, build: string): void {
    this.#growing.push({ native, build })
  }

  /**
   * Keeps the contents of a graph at the end of a build: it may not be queried later.
   *
   * @param isWhole false for a build that has failed: then the previous one tells more
   */
  keep(native: NativeContext & ModuleGraph, isWhole: boolean): void {
    const modules = modulesOf(native)
    const [grown] = this.#growing.splice(this.#findGrowing(native, modules), 1)
    this.#grownSize += modules.length
    if (!grown || !isWhole) return
    const imported = modules.filter((id) => MODULE_ID.test(id) && hasImporters(native, id))
    this.#grown.set(grown.build, new Set(imported))
  }

  /** A number that changes while one of them grows. */
  size(): number {
    return this.#growing.reduce((sum, { native }) => sum + modulesOf(native).length, this.#grownSize)
  }

  /** Assumed if there is no whole graph. */
  isImported(id: string): boolean {
    if (this.#growing.length > 0 || this.#grown.size === 0) return true
    return [...this.#grown.values()].some((imported) => imported.has(id))
  }

  /** Rolldown has another object for each hook, with the same modules. */
  #findGrowing(native: ModuleGraph, modules: readonly string[]): number {
    const known = this.#growing.findIndex((one) => one.native === native)
    if (known >= 0) return known
    const isSame = (one: ModuleGraph) => String(modulesOf(one)) === String(modules)
    return Math.max(
      this.#growing.findIndex((one) => isSame(one.native)),
      0,
    )
  }
}

/** Relatives of Rollup may have none. */
type ModuleGraph = Partial<Pick<PluginContext, 'getModuleIds' | 'getModuleInfo'>>

function modulesOf(native: ModuleGraph): string[] {
  return [...(native.getModuleIds?.() ?? [])]
}

function hasImporters(native: ModuleGraph, id: string): boolean {
  const { importers = [], dynamicImporters = [] } = native.getModuleInfo?.(id) ?? {}
  return importers.length + dynamicImporters.length > 0
}
