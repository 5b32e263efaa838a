import { existsSync } from 'node:fs'
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Compilation, Compiler, NormalModule } from 'webpack'
import type { Mode } from '../finding/modes.ts'
import { isCi } from '../run/ci.ts'
import { environmentOf } from '../run/open-project.ts'
import { findProject } from '../run/project.ts'
import { PLUGIN_VERSION } from '../system/version.ts'
import { nativeBuild, type Adapter, type Loaded, type NativeContext } from './adapter.ts'
import { fileOf, pathOf, toPosix, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { fromVirtualId, toVirtualId, VIRTUAL_ID } from './module-id.ts'
import { webpackUrl } from './url.ts'
import type { Environment } from '../system/process.ts'

/** Rspack has the same, as far as we use it. */
type WebpackBuild = ReturnType<typeof nativeBuild<'webpack'>>
type Loader = NonNullable<WebpackBuild['loaderContext']>

/** For webpack 5, Rspack and Rsbuild, which share their API. */
export function createWebpackAdapter(session: Session): Adapter {
  const current = new Compilations()
  const watches = createWatchTracker()
  const graphs = new Graphs()
  const setUp = (compiler: Compiler) => {
    watches(compiler)
    graphs.follow(compiler)
    current.watch(compiler)
    versionCache(compiler, session)
    compiler.hooks.shutdown.tap('unplugin-meshy', () => session.close())
  }
  return {
    start: (native) => {
      const { compiler, compilation } = nativeBuild<'webpack'>(native)
      session.adopt({ root: compiler.context, ...envOf(compiler), live: watches(compiler) })
      if (compilation) current.follow(compiler, compilation)
    },
    activity: () => current.activity(),
    hasFailed: () => current.hasFailed(),
    isImported: (id) => graphs.has(id),
    resolver: (native) => resolverOf(nativeBuild<'webpack'>(native).compiler),
    moduleIds: {
      pattern: VIRTUAL_ID,
      toBundler: (id) => toVirtualId(id, session.bundler.root),
      fromBundler: (id) => fromVirtualId(id, session.bundler.root),
    },
    urlOf: (native, id) => {
      const source = toPosix(path.relative(session.bundler.root, pathOf(id)))
      const { compiler } = nativeBuild<'webpack'>(native)
      return webpackUrl(loaderOf(native), source, compiler.options)
    },
    watchFile: (native, file) => watchMissing(loaderOf(native), file),
    afterLoad: (native, loaded) => keep(loaderOf(native), loaded),
    remembersIds: true,
    importerOf: (native) => issuerOf(nativeBuild<'webpack'>(native)),
    cutsPath: () => session.bundler.root,
    hooks: {
      webpack: setUp,
      rspack: (compiler) => setUp(compiler as unknown as Compiler),
      // It passes its compilers to nobody: each is set up by a plugin of its own.
      rsbuild: {
        setup: (api) =>
          api.modifyRspackConfig((_, { appendPlugins }) =>
            appendPlugins({ apply: (compiler: unknown) => setUp(compiler as Compiler) }),
          ),
      },
    },
  }
}

/**
 * A cache on disk holds modules of a run that decided in the same way: neither options set in code nor the environment
 * is a file that a module could depend on. Functions count by their text.
 */
function versionCache(compiler: Compiler, { inline }: Session): void {
  const cache = compiler.options.cache as { type?: string; version?: string } | boolean | undefined
  if (typeof cache !== 'object' || (cache.type !== 'filesystem' && cache.type !== 'persistent')) return
  const { env } = environmentOf(findProject(compiler.context), envOf(compiler))
  // The key must not be in a file, not even as a digest.
  const { apiKey: _, mode, ...deciding } = inline
  const text = JSON.stringify(
    [PLUGIN_VERSION, deciding, env['MESHY_BASE_URL'] ?? '', isFrozen(env, mode)],
    (_key, value: unknown) => (typeof value === 'function' ? String(value) : value),
  )
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
  cache.version = `${cache.version ?? ''} unplugin-meshy ${digest}`.trim()
}

/** Other modes accept models that only this machine knows. A module depends on the config file, which may also say so. */
function isFrozen(env: Environment, inline: Mode | undefined): boolean {
  return (env['MESHY_MODE'] || inline || (isCi(env) ? 'frozen' : '')) === 'frozen'
}

function envOf({ context, options }: Compiler): { envDir: string; envMode: string } {
  return { envDir: context, envMode: options.mode ?? 'production' }
}

/**
 * Tells whether the current run of a compiler watches. `watchMode` alone does not: Rspack resets it as soon as a watcher
 * is closed, but completes a build that has already started, which must not become one that pays without asking.
 */
function createWatchTracker(): (compiler: Compiler) => boolean {
  const runs = new WeakMap<Compiler, { watches: boolean }>()
  return (compiler) => {
    const known = runs.get(compiler)
    if (known) return known.watches
    const run = { watches: compiler.watchMode }
    runs.set(compiler, run)
    compiler.hooks.watchRun.tap('unplugin-meshy', () => void (run.watches = true))
    compiler.hooks.run.tap('unplugin-meshy', () => void (run.watches = false))
    return run.watches
  }
}

/** The modules of what each compiler has built last. */
class Graphs {
  /** Unset while a compiler builds: any module may turn up. */
  readonly #built = new Map<Compiler, Compilation | undefined>()

  follow(compiler: Compiler): void {
    const { hooks } = compiler
    this.#built.set(compiler, undefined)
    hooks.compile.tap('unplugin-meshy', () => void this.#built.set(compiler, undefined))
    hooks.done.tap('unplugin-meshy', ({ compilation }) => void this.#built.set(compiler, compilation))
    hooks.shutdown.tap('unplugin-meshy', () => void this.#built.delete(compiler))
  }

  /** @param id of a module of ours, which ends the path of a file that does not exist */
  has(id: string): boolean {
    const end = encodeURIComponent(id)
    const isIn = ({ modules }: Compilation) =>
      [...modules].some((module) => (module as Partial<NormalModule>).resource?.endsWith(end))
    return [...this.#built.values()].some((compilation) => !compilation || isIn(compilation))
  }
}

/** What is built now: compilers of Rsbuild's environments share a plugin object, and build at the same time. */
class Compilations {
  readonly #current = new Map<Compiler, ReturnType<typeof follow>>()
  readonly #over = new Set<Compiler>()

  watch(compiler: Compiler): void {
    compiler.hooks.done.tap('unplugin-meshy', () => void this.#over.add(compiler))
    compiler.hooks.failed.tap('unplugin-meshy', () => void this.#over.add(compiler))
  }

  follow(compiler: Compiler, compilation: Compilation): void {
    // One that is over still belongs to those that are not.
    if ([...this.#current.keys()].every((one) => this.#over.has(one))) this.#current.clear()
    this.#over.delete(compiler)
    this.#current.set(compiler, follow(compilation))
  }

  activity(): number {
    return [...this.#current.values()].reduce((sum, { activity }) => sum + activity(), 0)
  }

  hasFailed(): boolean {
    return [...this.#current.values()].some(({ hasFailed }) => hasFailed())
  }
}

/** What a compilation says about its modules, which none of them is told. */
function follow(compilation: Compilation): { activity(): number; hasFailed(): boolean } {
  let modules = 0
  compilation.hooks.buildModule.tap('unplugin-meshy', () => void modules++)
  let hasFailed = false
  // It counts modules that could not be parsed among the built ones. Rspack reports them only when all modules are
  // built.
  compilation.hooks.succeedModule.tap('unplugin-meshy', (module) => {
    hasFailed ||= Boolean((module as NormalModule).error)
  })
  return { activity: () => modules, hasFailed: () => hasFailed || compilation.errors.length > 0 }
}

/** A module from a cache comes without its specifier having been seen; the graph knows who imports it. */
function issuerOf({ compilation, loaderContext }: WebpackBuild): string | undefined {
  const { _module: module } = loaderContext ?? {}
  // Rspack has a graph only from 1.2 on.
  const { moduleGraph }: Partial<Compilation> = compilation ?? {}
  return module && (moduleGraph?.getIssuer(module) as NormalModule | null | undefined)?.resource
}

function resolverOf({ context, resolverFactory }: Compiler): ResolvingContext {
  const resolver = resolverFactory.get('normal', { dependencyType: 'esm' })
  return {
    resolve: (source, importer) =>
      new Promise((resolve) => {
        const folder = importer ? path.dirname(fileOf(importer)) : context
        // An error means that nothing was found; the caller decides what to try next.
        resolver.resolve({}, folder, source, {}, (error, file) =>
          resolve(error || !file ? null : { id: file }),
        )
      }),
  }
}

/**
 * A faulty module must not go into a cache that outlives the run. A good one is valid as long as the lockfile and the
 * config say the same.
 */
function keep(loader: Loader, { asset, context }: Loaded): void {
  if (asset?.metadata.state !== 'ready' || asset.isProvisional) return loader.cacheable(false)
  const { options, store } = context.ports
  const { configFile } = findProject(options.root)
  loader.addDependency(options.lockfile || store.layout.entry(asset.metadata.key))
  if (configFile) loader.addDependency(configFile)
}

/** A missing file among the others would count as one that was just removed, and start the next build at once. */
function watchMissing(loader: Loader, file: string): void {
  if (existsSync(file)) loader.addDependency(file)
  else loader.addMissingDependency(file)
}

function loaderOf(native: NativeContext): Loader {
  const { loaderContext } = nativeBuild<'webpack'>(native)
  if (!loaderContext) throw new TypeError('Expected to be called while a module is loaded')
  return loaderContext
}
