import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import type { ResolvedConfig, ViteDevServer, BindCLIShortcutsOptions, CLIShortcut } from 'vite'
import { isMeshySpecifier } from '../request/parse.ts'
import { findProject, isBelow } from '../run/project.ts'
import type { WaysToAgree } from '../run/context.ts'
import type { CreateInspector, PluginApi } from './adapter.ts'
import { toPosix } from './resolve.ts'
import type { Session } from './session.ts'
import type { PluginWithDevTools } from '@vitejs/devtools-kit'

/**
 * Gives a dev server the ways in which a developer can approve: a key of the terminal, and a page.
 *
 * @returns the available ones
 */
export async function configureServer(
  session: Session,
  server: ViteDevServer,
  createInspector: CreateInspector,
): Promise<() => WaysToAgree> {
  const listens = addShortcut(server)
  server.middlewares.use(askImporterAgain(server))
  const context = await session.context()
  const { base, server: options } = server.config
  const page = await pageOf(session, base)
  const host = typeof options.host === 'string' ? options.host : undefined
  if (page !== undefined) server.middlewares.use(await createInspector({ context, base, host }))
  return () => ({ key: listens() ? `${AGREE_KEY} + Enter` : undefined, page })
}

/** The path at which a dev server has the models page; undefined for one that has none. */
export async function pageOf(session: Session, base: string): Promise<string | undefined> {
  const { ports } = await session.context()
  return ports.options.inspector && !session.bundler.underTest ? `${base}__meshy/` : undefined
}

/**
 * Tells Vite what to watch before it serves: `meshy.config.*` like its own config, and nothing in the cache except
 * `state`.
 */
export async function equipConfig(session: Session, config: ResolvedConfig): Promise<void> {
  const { configFile } = findProject(config.root)
  if (configFile) config.configFileDependencies.push(toPosix(configFile))
  await spareWatcher(session, config)
}

/** What changes in the cache while models arrive, and no module depends on. */
const UNWATCHED = ['blobs', 'entries', 'journal', 'leases', 'notes', 'out', 'preview', 'tmp']

/** Keeps Vite's watcher away from the files of the cache, of which there may be thousands, but not from `state`. */
async function spareWatcher(session: Session, { server }: ResolvedConfig): Promise<void> {
  if (server.watch === null) return
  const { ports } = await session.context()
  const folders = UNWATCHED.map((name) => toPosix(path.join(ports.options.cacheDir, name)))
  // A function, because a pattern would interpret a `[` in the path of a project.
  const isCached = (file: string) => folders.some((folder) => `${toPosix(file)}/`.startsWith(`${folder}/`))
  server.watch = { ...server.watch, ignored: [server.watch?.ignored ?? [], isCached].flat() }
}

/** The internals of `server.fs`, if this version has them. */
interface ServingConfig extends Pick<ResolvedConfig, 'server'>, SafeModules {
  fsDenyGlob?: (file: string) => boolean
  /** Since Vite 8.4, each environment has its own modules. */
  environments: Readonly<
    Record<string, Pick<ResolvedConfig['environments'][string], 'consumer'> & SafeModules>
  >
}

interface SafeModules {
  safeModulePaths?: ReadonlySet<string>
}

/**
 * The rule of Vite's own dev server for a file, while the server runs: files that a module imports are safe to serve.
 */
export function servingRule(config: ServingConfig): (file: string) => boolean {
  return (file) => {
    const { fs } = config.server
    if (fs.strict === false) return true
    if (config.fsDenyGlob?.(file)) return false
    // The module of a recipe has a name of its own.
    const names = [file, `${file}.js`]
    const safe = [config, ...Object.values(config.environments)].flatMap((one) => one.safeModulePaths ?? [])
    return (
      names.some((name) => safe.some((paths) => paths.has(name))) ||
      fs.allow.some((folder) => isBelow(folder, file))
    )
  }
}

/**
 * Reads the module that asks for a model. A browser may have it in its own cache, which keeps modules of packages for a
 * year, so a server that was started since has not seen what it imports. This does not answer the request.
 */
function askImporterAgain({ config, environments }: ViteDevServer) {
  return async (request: IncomingMessage, _response: ServerResponse, next: () => void): Promise<void> => {
    const importer = isMeshySpecifier(request.url ?? '') ? importerOf(request, config.base) : undefined
    const reading = async (url: string) => environments.client.transformRequest(decodeURI(url))
    // Whoever asks for it is told what is wrong with it.
    if (importer !== undefined) await Promise.allSettled([reading(importer)])
    next()
  }
}

/** The module that asks, by the URL that browsers send. Undefined if they do not, or if it belongs to another site. */
function importerOf({ headers: { host, referer = '' } }: IncomingMessage, base: string): string | undefined {
  if (!URL.canParse(referer)) return undefined
  const { host: site, pathname, search } = new URL(referer)
  if (site !== host || !pathname.startsWith(base)) return undefined
  // Vite adds these for itself; everything else belongs to the module.
  const query = search
    .slice(1)
    .split('&')
    .filter((part) => !/^(?:import|t=\d+|)$/.test(part))
  return pathname.slice(base.length - 1) + (query.length > 0 ? `?${query.join('&')}` : '')
}

/** The key of the terminal with which a developer approves. */
const AGREE_KEY = 'g'

/** The shortcuts that it has listened for since before a restart, if this version keeps them here. */
interface KeptShortcuts {
  _shortcutsState?: { options: BindCLIShortcutsOptions } | undefined
}

/**
 * Adds our key to those that Vite listens for, whenever it starts listening.
 *
 * @returns whether it listens: only in a terminal, and not if a framework has the terminal to itself
 */
function addShortcut(server: ViteDevServer): () => boolean {
  const bind = server.bindCLIShortcuts
  let isBound = false
  server.bindCLIShortcuts = (options = {}) => {
    isBound = true
    bind({ ...options, customShortcuts: [...(options.customShortcuts ?? []), shortcut] })
  }
  return () => hasKeyboard(server) && (isBound || isKept(server))
}

function isKept({ _shortcutsState: kept }: ViteDevServer & KeptShortcuts): boolean {
  return kept?.options.customShortcuts?.some(({ key }) => key === AGREE_KEY) === true
}

/** Whether Vite listens at all. */
function hasKeyboard({ httpServer }: ViteDevServer): boolean {
  return Boolean(httpServer) && process.stdin.isTTY && !process.env['CI']
}

const shortcut: CLIShortcut<ViteDevServer> = {
  key: AGREE_KEY,
  description: 'generate the models that need approval',
  async action(server) {
    // After a restart, Vite keeps the previous shortcuts, with other plugins.
    const plugin = server.config.plugins.find(({ name }) => name === 'unplugin-meshy')
    const api = plugin?.api as PluginApi | undefined
    await api?.agree()
  },
}

/**
 * The models page as a dock of Vite DevTools.
 *
 * @param findPage path of the page; undefined for a server that has none
 */
export function createDock(findPage: () => Promise<string | undefined>) {
  let isDocked = false
  /** Plugin hooks that only Vite DevTools reads. */
  const hooks: Required<Pick<PluginWithDevTools, 'devtools'>> = {
    devtools: {
      // The output of a build has no server that the page could ask.
      capabilities: { build: false },
      setup: async ({ docks }) => {
        const url = await findPage()
        if (url === undefined) return
        docks.register({ ...DOCK, url }, true)
        isDocked = true
      },
    },
  }
  /** Allows the page in a frame where it is docked, and only there. */
  const admit = (createInspector: CreateInspector): CreateInspector => {
    return (server) => createInspector({ ...server, isDocked: () => isDocked })
  }
  return { hooks, admit }
}

/**
 * A cube, in a color that is visible on light and dark; drawn here, because an icon name would be fetched from the
 * internet.
 */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7c5cff" stroke-width="2" stroke-linejoin="round">' +
  '<path d="M12 2 21 7v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10"/></svg>'

const DOCK = {
  id: 'unplugin-meshy',
  type: 'iframe',
  title: 'Models',
  icon: `data:image/svg+xml,${encodeURIComponent(ICON)}`,
} as const
