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
  const [watchBuilds, graph] = [new WatchBuilds(), new Graph()]
  const adapter: Omit<Adapter, 'hooks'> = {
    start: (native) => {
      session.begin({ live: (native as PluginContext).meta?.watchMode === true })
      graph.follow(native)
    },
    end: (native) => {
      session.finish()
      graph.keep(native)
      watchBuilds.end()
    },
    activity: () => graph.size(),
    isImported: (id) => graph.isImported(id),
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

/** The module graph of a bundler of the Rollup family. Any of its modules may gain importers while it grows. */
export class Graph {
  #size: () => number = () => 0
  /** Unset while it grows. */
  #imported: ReadonlySet<string> | undefined

  /** Queries it from now on. */
  follow(native: NativeContext & ModuleGraph): void {
    this.#size = () => modulesOf(native).length
    this.#imported = undefined
  }

  /** Keeps its contents at the end of a build: it may not be queried later. */
  keep(native: NativeContext & ModuleGraph): void {
    const modules = modulesOf(native)
    this.#imported = new Set(modules.filter((id) => MODULE_ID.test(id) && hasImporters(native, id)))
    this.#size = () => modules.length
  }

  size(): number {
    return this.#size()
  }

  isImported(id: string): boolean {
    return this.#imported?.has(id) ?? true
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
