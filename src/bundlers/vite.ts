import { statSync } from 'node:fs'
import path from 'node:path'
import type { PluginContext } from 'rollup'
import type { Environment, ResolvedConfig, ViteDevServer } from 'vite'
import type { WaysToAgree } from '../run/context.ts'
import type { Adapter, AdapterParts } from './adapter.ts'
import { CopyMode, outputHooks } from './rollup-output.ts'
import type { UrlOf } from './module.ts'
import { viteIds } from './module-id.ts'
import { Graphs, watchWithFolder } from './rollup.ts'
import { toPosix, fileOf, pathOf } from './resolve.ts'
import type { Session } from './session.ts'
import { viteServedUrl, viteShownUrl, viteUrl } from './url.ts'
import { createDock, configureServer, equipConfig, pageOf, servingRule } from './vite-server.ts'
import { ServedModules } from './vite-graph.ts'
import type { Overlay } from './vite-overlay.ts'
import { dropUnusedPageHook, pageHook } from './vite-pages.ts'
import { templateHook, Templates } from './vite-templates.ts'
import { closeWatcher, WatchBuilds } from './watch-builds.ts'
import { readSource } from './bundler-error.ts'

export function createViteAdapter(
  session: Session,
  { api, createWorkerInstance, createInspector }: AdapterParts,
): Adapter {
  let viteConfig: ResolvedConfig | undefined
  let [served, overlay]: [served?: ServedModules, overlay?: Overlay] = []
  let waysToAgree: () => WaysToAgree = () => ({})
  const [copyMode, templates] = [new CopyMode(session), new Templates()]
  const [watchBuilds, graphs] = [new WatchBuilds(), new Graphs()]
  const dock = createDock(async () => viteConfig && pageOf(session, viteConfig.base))
  return {
    start: (native, input) => {
      viteConfig = beginBuild(session, native) ?? viteConfig
      graphs.follow(native, JSON.stringify([environmentOf(native), input]))
    },
    end: (native, isWhole) => {
      // The graph of a server says more, and is asked itself.
      graphs.keep(native, isWhole && !served)
      // A server ends its build when it closes. One that bundles ends one whenever it has bundled.
      if (served && !isBundled(viteConfig, native)) closeServer(session, served)
      watchBuilds.end()
    },
    activity: () => graphs.size(),
    isImported: (id) => (served ?? graphs).isImported(id),
    forget: (id) => served?.forget(id),
    waysToAgree: () => waysToAgree(),
    resolver: (native) => native as unknown as PluginContext,
    moduleIds: viteIds(() => served !== undefined),
    cutsPath: (file) => (served ? file : session.bundler.root),
    isFromOutside: (importer) => served !== undefined && isNoModule(importer, session.bundler.root),
    asMeant: (native, source, importer) => asMeant(source, importer, isNative(native)),
    isPicture: (source, importer) => templates.isPicture(source, importer),
    urlOf: (native) => viteShownUrl(urlOf(viteConfig, native, copyMode), served?.client),
    watchFile: (native, file) => (served ? served.reloadAt(file) : watchWithFolder(native, file)),
    afterLoad: (_, loaded) => {
      // The watcher builds the files of workers inside its own builds.
      if (served) served.note(loaded)
      else if (!viteConfig?.isWorker) watchBuilds.add(loaded)
      if (isRootedLibrary(viteConfig)) loaded.context.ports.reporter.notices.once(ROOTED_LIBRARY)
      return overlay?.codeFor(loaded, session.bundler.root)
    },
    hooks: {
      vite: {
        ...sessionHooks(session, copyMode, watchBuilds),
        ...templateHook(session, templates, () => viteConfig),
        config: () => workerConfig(createWorkerInstance),
        async configResolved(config) {
          viteConfig = adoptConfig(session, config)
          copyMode.isPart = viteConfig.isWorker
          if (viteConfig.command === 'build') served = overlay = undefined
          else if (!viteConfig.isWorker) await equipConfig(session, config)
        },
        async configureServer(started) {
          served = new ServedModules(started)
          overlay = await openOverlay(started, served)
          waysToAgree = await configureServer(session, started, dock.admit(createInspector))
        },
        ...dock.hooks,
        api,
      },
    },
  }
}

function closeServer(session: Session, served: ServedModules): void {
  session.close()
  served.close()
}

function urlOf(config: ResolvedConfig | undefined, native: object, copyMode: CopyMode): UrlOf {
  const bundled = isBundled(config, native)
  if (config?.command !== 'serve') return copyMode.urlOf(viteUrl(bundled))
  return bundled ? viteUrl(bundled) : viteServedUrl(config)
}

/** None for the state file of a model; undefined for Vite's default. */
async function updatedModules(
  session: Session,
  update: Parameters<typeof isFreshStateFile>[1],
): Promise<[] | undefined> {
  const { ports } = await session.context()
  return isFreshStateFile(ports.store.layout.states, update) ? [] : undefined
}

async function openOverlay(server: ViteDevServer, served: ServedModules): Promise<Overlay> {
  const { Overlay } = await import('./vite-overlay.ts')
  return new Overlay(server, (id) => served.isImported(id))
}

const ROOTED_LIBRARY =
  "URLs in this library begin with `/`, so its models are looked up at the root of the site that uses it; set `base: './'`"

/** Whether a library is built whose files are addressed from the root of a site that it knows nothing about. */
function isRootedLibrary(config: ResolvedConfig | undefined): boolean {
  return config?.command === 'build' && Boolean(config.build.lib) && config.base === '/'
}

/**
 * Whether Vite is resolving the URL of a request. It then names a page that may not even exist, and never imports by
 * itself.
 */
function isNoModule(importer: string | undefined, root: string): boolean {
  return importer === undefined || toPosix(importer) === path.posix.join(toPosix(root), 'index.html')
}

function adoptConfig(session: Session, config: ResolvedConfig): ResolvedConfig {
  dropUnusedPageHook(config)
  session.adopt(toldBy(config))
  return config
}

/** The config of a build that begins: its plugin object may have seen another one since. Undefined for a server. */
function beginBuild(session: Session, native: object): ResolvedConfig | undefined {
  const { environment } = native as { environment?: Environment }
  const config = environment?.getTopLevelConfig()
  if (config?.command !== 'build') return undefined
  session.begin(toldBy(config))
  return config
}

function sessionHooks(session: Session, copyMode: CopyMode, watchBuilds: WatchBuilds) {
  return {
    ...pageHook(session),
    ...outputHooks(copyMode),
    closeBundle: () => session.finish(),
    closeWatcher: () => closeWatcher(session, watchBuilds),
    hotUpdate: (update: Parameters<typeof isFreshStateFile>[1]) => updatedModules(session, update),
  }
}

/** What Vite says about its run. */
function toldBy(config: ResolvedConfig): Parameters<Session['adopt']>[0] {
  const isServe = config.command === 'serve'
  return {
    root: config.root,
    envDir: config.envDir,
    envMode: config.mode,
    published: config.env,
    borders: { dependencyCache: config.cacheDir, ...(isServe ? { serves: servingRule(config) } : {}) },
    publicDir: config.publicDir || undefined,
    live: isServe || Boolean(config.build.watch),
    // Each of its projects has a server of its own, with `vitest:project`.
    underTest: config.plugins.some(({ name }) => /^vitest(?::|$)/.test(name)),
    logger: config.logger,
  }
}

function environmentOf(native: object): string | undefined {
  return (native as { environment?: Environment }).environment?.name
}

/** Whether the URL of a module must survive bundling: in builds, and in a dev server that bundles. */
function isBundled(config: ResolvedConfig | undefined, native: object): boolean {
  return config?.command !== 'serve' || isNative(native)
}

/** Whether it leaves more to its native bundler than bundling, from Vite 8 on. */
function isNative(native: object): boolean {
  return (native as { environment?: Environment }).environment?.config.isBundled === true
}

/**
 * What we add to a user's config: the plugin for workers, which have their own plugins. Without it, an import in a
 * worker would silently be the URL of the image. Vite runs the user's own worker plugins before these.
 */
function workerConfig(createWorkerInstance: () => unknown): object {
  return { worker: { plugins: () => [createWorkerInstance()] } }
}

/**
 * Whether a file that appeared is the state file of a model whose stand-in is on its way to the page: its module is as
 * new as the file, so a reload would show nothing else. A file that is not empty was touched in the meantime.
 */
function isFreshStateFile(stateDir: string, { type, file }: { type: string; file: string }): boolean {
  if (type !== 'create' || path.relative(path.dirname(file), stateDir) !== '') return false
  return statSync(file, { throwIfNoEntry: false })?.size === 0
}

/** Signs that mean something else where a query is written than where it is read. */
const AMBIGUOUS = /[+%#]/
const ENCODED: Record<string, string> = { '+': '%2B', '%': '%25', '#': '%23' }

/**
 * A specifier as its author means it. Vite turns the object query of an `import.meta.glob` into text in two ways: it
 * encodes it, with `+` for a space, or leaves everything as it is, where it bundles natively. Such a text is not in the
 * source; a query that is belongs to its author, and stays.
 *
 * @param isNative whether globs are left to the native bundler
 */
async function asMeant(specifier: string, importer: string | undefined, isNative: boolean): Promise<string> {
  const query = specifier.slice(pathOf(specifier).length + 1)
  if (!AMBIGUOUS.test(query) || importer === undefined) return specifier
  const source = await readSource(fileOf(importer))
  if (!source?.includes('import.meta.glob') || source.includes(query)) return specifier
  const meant = isNative
    ? query.replace(/[+%#]/g, (sign) => ENCODED[sign] ?? sign)
    : query.replaceAll('+', '%20')
  return `${pathOf(specifier)}?${meant}`
}
