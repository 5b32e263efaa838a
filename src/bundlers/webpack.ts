import { createHash } from 'node:crypto'
import path from 'node:path'
import { findProject } from '../run/project.ts'
import type { Adapter, Loaded, NativeContext } from './adapter.ts'
import { fileOf, pathOf, toPosix, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { webpackUrl, type WebpackEmitter } from './url.ts'
import { fromVirtualId, toVirtualId, VIRTUAL_ID } from './virtual-id.ts'
import { placesOf, type CompilerOutput } from './webpack-places.ts'

/** A compiler of webpack or Rspack, as far as we use it. */
export interface Compiler {
  context: string
  options: CompilerOutput & { mode?: string; cache?: unknown }
  watchMode?: boolean
  resolverFactory: { get(type: 'normal', options: { dependencyType: 'esm' }): Resolver }
}

/** A compilation of webpack or Rspack, as far as we use it. */
interface Compilation {
  readonly errors: { readonly length: number }
  moduleGraph?: { getIssuer(module: object): { resource?: string } | null | undefined }
  hooks: {
    buildModule: { tap(name: string, run: () => void): void }
    succeedModule: { tap(name: string, run: (module: { error?: unknown }) => void): void }
  }
}

interface Resolver {
  resolve(
    context: object,
    folder: string,
    request: string,
    resolveContext: object,
    done: (error: unknown, file?: string | false) => void,
  ): void
}

interface LoaderContext extends WebpackEmitter {
  _module?: object
  addDependency(file: string): void
  cacheable(flag: boolean): void
}

interface WebpackContext extends NativeContext {
  getNativeBuildContext(): {
    compiler: Compiler
    /** Unset while specifiers are resolved. */
    compilation?: Compilation
    /** Set while modules are loaded. */
    loaderContext?: LoaderContext
  }
}

/** For webpack 5, Rspack and Rsbuild, which share their API. */
export function createWebpackAdapter(session: Session): Adapter {
  return {
    start: (native) => start(session, native as WebpackContext),
    resolver: (native) => resolverOf((native as WebpackContext).getNativeBuildContext().compiler),
    moduleIds: {
      pattern: VIRTUAL_ID,
      toBundler: (id) => toVirtualId(id, session.bundler.root),
      fromBundler: (id) => fromVirtualId(id, session.bundler.root),
    },
    urlOf: (native, id) => {
      const source = toPosix(path.relative(session.bundler.root, pathOf(id)))
      const { compiler } = (native as WebpackContext).getNativeBuildContext()
      return webpackUrl(loaderOf(native), source, placesOf(compiler.options))
    },
    afterLoad: (native, loaded) => keep(loaderOf(native), loaded),
    remembersIds: true,
    importerOf: (native) => issuerOf((native as WebpackContext).getNativeBuildContext()),
    cutsPath: () => session.bundler.root,
    hooks: {
      webpack: (compiler) => versionCache(compiler as unknown as Compiler, session),
      rspack: (compiler) => versionCache(compiler as unknown as Compiler, session),
    },
  }
}

/**
 * A cache on disk holds modules of a run with the same options: those that stand in code are no file that a module could
 * depend on. Functions count by their text.
 */
function versionCache({ options }: Compiler, { inline }: Session): void {
  const cache = options.cache as { type?: string; version?: string } | boolean | undefined
  if (typeof cache !== 'object' || (cache.type !== 'filesystem' && cache.type !== 'persistent')) return
  // Neither changes a module; the key must not be in a file, not even as a digest.
  const { apiKey: _, mode: __, ...deciding } = inline
  const text = JSON.stringify(deciding, (_key, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
  const env = process.env['MESHY_BASE_URL'] ?? ''
  const digest = createHash('sha256').update(`${text} ${env}`).digest('hex').slice(0, 16)
  cache.version = `${cache.version ?? ''} unplugin-meshy ${digest}`.trim()
}

function start(session: Session, native: WebpackContext): void {
  const { compiler, compilation } = native.getNativeBuildContext()
  const { context: root, options, watchMode } = compiler
  session.bundler = {
    ...session.bundler,
    root,
    envDir: root,
    envMode: options.mode ?? 'production',
    live: watchMode === true,
  }
  if (!compilation) return
  let modules = 0
  compilation.hooks.buildModule.tap('unplugin-meshy', () => void modules++)
  session.activity = () => modules
  let hasFailed = false
  // It counts what could not be parsed among the built ones. Rspack tells of it only when all modules are built.
  compilation.hooks.succeedModule.tap('unplugin-meshy', ({ error }) => void (hasFailed ||= Boolean(error)))
  session.hasFailed = () => hasFailed || compilation.errors.length > 0
}

/** A module out of a cache comes without its specifier having been seen; the graph has who imports it. */
function issuerOf({
  compilation,
  loaderContext,
}: ReturnType<WebpackContext['getNativeBuildContext']>): string | undefined {
  const { _module: module } = loaderContext ?? {}
  return module && compilation?.moduleGraph?.getIssuer(module)?.resource
}

function resolverOf({ context, resolverFactory }: Compiler): ResolvingContext {
  const resolver = resolverFactory.get('normal', { dependencyType: 'esm' })
  return {
    resolve: (source, importer) =>
      new Promise((resolve) => {
        const folder = importer ? path.dirname(fileOf(importer)) : context
        // An error says that nothing is there; what to try next is decided by whoever asked.
        resolver.resolve({}, folder, source, {}, (error, file) =>
          resolve(error || !file ? null : { id: file }),
        )
      }),
  }
}

/**
 * A module that is not as it should be is not for a cache that outlives the run. A good one is right as long as the
 * lockfile and the config say the same.
 */
function keep(loader: LoaderContext, { asset, context }: Loaded): void {
  if (asset?.metadata.state !== 'ready' || asset.isProvisional) return loader.cacheable(false)
  const {
    ports: { options, store },
  } = context
  const { configFile } = findProject(options.root)
  loader.addDependency(options.lockfile || store.layout.entry(asset.metadata.key))
  if (configFile) loader.addDependency(configFile)
}

function loaderOf(native: NativeContext): LoaderContext {
  const { loaderContext } = (native as WebpackContext).getNativeBuildContext()
  if (!loaderContext) throw new TypeError('Expected to be called while a module is loaded')
  return loaderContext
}
