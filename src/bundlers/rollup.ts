import { MODULE_ID } from '../run/imports.ts'
import type { Adapter, AdapterParts, NativeContext } from './adapter.ts'
import { CopyMode } from './copy.ts'
import { fromModuleId, plainIds } from './module-id.ts'
import { outputHooks } from './output.ts'
import { pathOf, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { rollupUrl, type RollupEmitter } from './url.ts'
import { closeWatcher, WatchBuilds } from './watch-builds.ts'

/** A plugin context of the Rollup family, as far as we use it. */
export interface RollupContext extends NativeContext, ResolvingContext, RollupEmitter {
  getModuleIds?(): IterableIterator<string>
  getModuleInfo?(id: string): { importers: readonly string[]; dynamicImporters: readonly string[] } | null
  meta?: { watchMode?: boolean }
}

/** What Rollup and Rolldown tell of a reference that is to become the code of a URL. */
interface FileUrl {
  /** From the output folder. */
  fileName: string
  /** From the chunk. */
  relativePath: string
  format: string
  moduleId: string
}

export function createRollupAdapter(session: Session, { api }: AdapterParts): Adapter {
  const { adapter, hooks } = createFamily(session, () => null)
  return { ...adapter, hooks: { rollup: { ...hooks, api } } }
}

/** Rolldown does as Rollup does, but for scripts, where it knows no place that a URL could be relative to. */
export function createRolldownAdapter(session: Session, { api }: AdapterParts): Adapter {
  const { adapter, hooks } = createFamily(session, ({ format, relativePath }) =>
    ['iife', 'umd'].includes(format) ? urlFromScript(relativePath) : null,
  )
  const options = ({ cwd: root = process.cwd() }: { cwd?: string | undefined }) => {
    session.bundler = { ...session.bundler, root, envDir: root }
    return null
  }
  return { ...adapter, hooks: { rolldown: { ...hooks, options, api } } }
}

/** @param defaultUrl the code of a URL where no `publicPath` is given; null for what the bundler makes by itself */
function createFamily(session: Session, defaultUrl: (file: FileUrl) => string | null) {
  let publicPath: string | undefined
  const copyMode = new CopyMode(session)
  const watchBuilds = new WatchBuilds()
  const adapter: Omit<Adapter, 'hooks'> = {
    start: (native) => startRollup(session, native as RollupContext),
    end: (native) => {
      keepGraph(session, native as RollupContext)
      watchBuilds.end()
    },
    resolver: (native) => native as RollupContext,
    moduleIds: plainIds,
    urlOf: (native, id) => copyMode.urlOf(rollupUrl(native as RollupContext, pathOf(fromModuleId(id)))),
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

/** Scripts have no `import.meta`; their files are told from where the script came from. */
function urlFromScript(relativePath: string): string {
  const script = 'document.currentScript && document.currentScript.src || document.baseURI'
  return `new URL(${JSON.stringify(encodeURI(relativePath))}, ${script}).href`
}

export function startRollup(session: Session, native: RollupContext): void {
  session.bundler = { ...session.bundler, live: native.meta?.watchMode === true }
  followGraph(session, native)
}

/** Asks the graph while it grows. Until a build has seen all modules, each may have importers. */
export function followGraph(session: Session, native: RollupContext): void {
  session.activity = () => countModules(native)
  session.isImported = () => true
}

/** Keeps what the graph says at the end of a build: later it may not be asked. */
export function keepGraph(session: Session, native: RollupContext): void {
  const modules = [...(native.getModuleIds?.() ?? [])]
  const imported = new Set(modules.filter((id) => MODULE_ID.test(id) && hasImporters(native, id)))
  session.activity = () => modules.length
  session.isImported = (id) => imported.has(id)
}

function hasImporters(native: RollupContext, id: string): boolean {
  const { importers = [], dynamicImporters = [] } = native.getModuleInfo?.(id) ?? {}
  return importers.length + dynamicImporters.length > 0
}

export function countModules(native: RollupContext): number {
  return native.getModuleIds ? [...native.getModuleIds()].length : 0
}
