import { statSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from '../system/logger.ts'
import type { Adapter, AdapterParts } from './adapter.ts'
import { CopyMode } from './copy.ts'
import { plainIds } from './module-id.ts'
import { outputHooks } from './output.ts'
import { countModules, followGraph, keepGraph, type RollupContext } from './rollup.ts'
import { toPosix } from './resolve.ts'
import type { Session } from './session.ts'
import { servingRule, viteServedUrl, viteUrl, type ServedFrom } from './url.ts'
import { ViteDock } from './vite-dock.ts'
import { dropUnusedPageHook, pageHooks } from './vite-html.ts'
import {
  equipConfig,
  configureServer,
  pageOf,
  type EquippedServer,
  type WatchingConfig,
} from './vite-server.ts'
import type { Overlay } from './vite-overlay.ts'
import { forgetModule } from './vite-stale.ts'
import { Templates, type AssetUrls } from './vite-templates.ts'
import { closeWatcher, WatchBuilds } from './watch-builds.ts'

/** A plugin context of Vite, as far as we use it beyond Rollup's. */
interface ViteContext extends RollupContext {
  environment?: { config?: { isBundled?: boolean } }
}

/** The part of Vite's resolved config that we read; typed here, so that our types do not need Vite. */
export interface ViteConfig {
  root: string
  mode: string
  base: string
  command: 'build' | 'serve'
  /** Whether it is the build of a worker, whose files become files of the build around it. */
  isWorker: boolean
  envDir: string | false
  cacheDir: string
  /** What `import.meta.env` gives to pages. */
  env: Record<string, string>
  publicDir: string
  build: { watch: unknown; lib?: unknown }
  plugins: readonly { name: string; api?: unknown }[]
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  server: ServedFrom['server']
  /** The internals of `server.fs`, where this version has them. */
  fsDenyGlob?: (file: string) => boolean
  safeModulePaths?: ReadonlySet<string>
}

/** The part of a dev server that knows who imports what; a bundling one keeps no such graph. */
interface DevServer {
  environments: Record<
    string,
    {
      config: { isBundled?: boolean }
      moduleGraph: { getModuleById(id: string): { importers: ReadonlySet<unknown> } | undefined }
    }
  >
}

export function createViteAdapter(
  session: Session,
  { api, createWorkerInstance, createInspector }: AdapterParts,
): Adapter {
  let viteConfig: ViteConfig | undefined
  let server: DevServer | undefined
  let overlay: Overlay | undefined
  const copyMode = new CopyMode(session)
  const [watchBuilds, templates] = [new WatchBuilds(), new Templates()]
  const dock = new ViteDock(async () => viteConfig && pageOf(session, viteConfig.base))
  return {
    start: (native) => (server ? countIn(session, native) : followGraph(session, native as RollupContext)),
    end: (native) => {
      if (server) endServer(session, viteConfig, native as ViteContext)
      else keepGraph(session, native as RollupContext)
      watchBuilds.end()
    },
    resolver: (native) => native as ViteContext,
    moduleIds: plainIds,
    cutsPath: (file) => (server ? file : session.bundler.root),
    isFromOutside: (importer) => server !== undefined && isNoModule(importer, session.bundler.root),
    isPicture: (source, importer) => templates.isPicture(source, importer),
    urlOf: (native) => {
      const bundled = isBundled(viteConfig, (native as ViteContext).environment)
      if (viteConfig?.command !== 'serve') return copyMode.urlOf(viteUrl(bundled))
      return bundled ? viteUrl(bundled) : viteServedUrl(viteConfig)
    },
    afterLoad: (_, loaded) => {
      // The watcher builds the files of workers within its own builds.
      if (!server && !viteConfig?.isWorker) watchBuilds.add(loaded)
      if (isRootedLibrary(viteConfig)) loaded.context.ports.reporter.notices.once(ROOTED_LIBRARY)
      return overlay?.codeFor(loaded, session.bundler.root)
    },
    hooks: {
      vite: {
        ...outputHooks(copyMode),
        closeWatcher: () => closeWatcher(session, watchBuilds),
        ...pageHooks(session, (code, id) => templates.read(id, code, assetUrlsOf(viteConfig))),
        config: () => workerConfig(() => createWorkerInstance(session)),
        async configResolved(config) {
          viteConfig = config as unknown as ViteConfig
          adoptViteConfig(session, viteConfig)
          copyMode.isPart = viteConfig.isWorker
          if (viteConfig.command === 'build') server = overlay = undefined
          else if (!viteConfig.isWorker) await equipConfig(session, config as unknown as WatchingConfig)
        },
        async configureServer(started) {
          server = started
          knowModules(session, started)
          const { Overlay } = await import('./vite-overlay.ts')
          overlay = new Overlay(started, session.isImported)
          await configureServer(session, started as unknown as EquippedServer, dock.admit(createInspector))
        },
        hotUpdate: (update) => updatedModules(session, update),
        ...dock.hooks,
        api,
      },
    },
  }
}

function countIn(session: Session, native: unknown): void {
  session.activity = () => countModules(native as RollupContext)
}

/** A server ends its build when it closes. One that bundles ends one whenever it has bundled. */
function endServer(session: Session, config: ViteConfig | undefined, { environment }: ViteContext): void {
  if (!isBundled(config, environment)) session.close()
}

/** None for the state file of a model; undefined for what Vite would say. */
async function updatedModules(
  session: Session,
  update: Parameters<typeof isFreshStateFile>[1],
): Promise<[] | undefined> {
  const {
    ports: { store },
  } = await session.context()
  return isFreshStateFile(store.layout.states, update) ? [] : undefined
}

/** The part of Vue's plugin that says which attributes become imports. */
interface VueApi {
  options?: { template?: { transformAssetUrls?: boolean | (AssetUrls & { tags?: AssetUrls }) } }
}

function assetUrlsOf(config: ViteConfig | undefined): AssetUrls {
  const vue = config?.plugins.find(({ name }) => name === 'vite:vue')?.api as VueApi | undefined
  const urls = vue?.options?.template?.transformAssetUrls
  return typeof urls === 'object' ? (urls.tags ?? urls) : {}
}

const ROOTED_LIBRARY =
  "URLs in this library begin with `/`, so its models are looked up at the root of the site that uses it; set `base: './'`"

/** Whether a library is built whose files are told from the root of a site that it knows nothing of. */
function isRootedLibrary(config: ViteConfig | undefined): boolean {
  return config?.command === 'build' && Boolean(config.build.lib) && config.base === '/'
}

/** Whether Vite resolves the URL of a request. It then names a page that may not even be there, and never imports by itself. */
function isNoModule(importer: string | undefined, root: string): boolean {
  return importer === undefined || toPosix(importer) === path.posix.join(toPosix(root), 'index.html')
}

/** Takes over what Vite tells of its run. */
export function adoptViteConfig(session: Session, config: ViteConfig): void {
  const isServe = config.command === 'serve'
  dropUnusedPageHook(config)
  session.adopt({
    root: config.root,
    envDir: config.envDir,
    envMode: config.mode,
    published: config.env,
    borders: { dependencyCache: config.cacheDir, ...(isServe ? { serves: servingRule(config) } : {}) },
    publicDir: config.publicDir || undefined,
    live: isServe || Boolean(config.build.watch),
    underTest: config.plugins.some(({ name }) => name === 'vitest'),
    logger: config.logger,
  })
}

/** Whether the URL of a module must survive bundling: in builds, and in a dev server that bundles. */
export function isBundled(
  config: ViteConfig | undefined,
  environment: { config?: { isBundled?: boolean } } | undefined,
) {
  return config?.command !== 'serve' || environment?.config?.isBundled === true
}

/**
 * What we add to a user's config: ourselves for workers, which have plugins of their own. Without, an import in a worker
 * would silently be the URL of the picture. Vite runs the user's own worker plugins before these.
 */
export function workerConfig(createWorkerInstance: () => unknown): object {
  return { worker: { plugins: () => [createWorkerInstance()] } }
}

/**
 * Whether a file that appeared is the state file of a model whose stand-in is on its way to the page: its module is as new
 * as the file, so that a reload would show nothing else. One that says more than nothing was touched in the meantime.
 */
export function isFreshStateFile(stateDir: string, { type, file }: { type: string; file: string }): boolean {
  if (type !== 'create' || path.relative(path.dirname(file), stateDir) !== '') return false
  return statSync(file, { throwIfNoEntry: false })?.size === 0
}

/** What a session can know and do of the modules of a dev server. */
function knowModules(session: Session, server: DevServer & Parameters<typeof forgetModule>[0]): void {
  session.isImported = (id) => isImported(server, id)
  session.forgetModule = (id) => forgetModule(server, id)
}

/** Whether a module still has importers; taken for granted where no environment knows it. */
function isImported({ environments }: DevServer, id: string): boolean {
  const modules = Object.values(environments).flatMap(({ config, moduleGraph }) =>
    config.isBundled ? [] : (moduleGraph.getModuleById(id) ?? []),
  )
  return modules.length === 0 || modules.some(({ importers }) => importers.size > 0)
}
