import path from 'node:path'
import { findProject } from '../run/project.ts'
import type { CreateInspector } from './adapter.ts'
import { toPosix } from './resolve.ts'
import type { Session } from './session.ts'
import { askImporterAgain, type ReadingServer } from './vite-importer.ts'
import { addShortcut, AGREE_KEY, type ShortcutServer } from './vite-shortcuts.ts'

/** A dev server of Vite, as far as it is equipped here. */
export interface EquippedServer extends ShortcutServer, ReadingServer {
  config: ShortcutServer['config'] & { base: string; server: { host?: string | boolean | undefined } }
  middlewares: { use(middleware: Middleware): void }
}

type Middleware = Awaited<ReturnType<CreateInspector>> | ReturnType<typeof askImporterAgain>

/** Gives a dev server the ways in which a developer says yes: a key of the terminal, and a page. */
export async function configureServer(
  session: Session,
  server: EquippedServer,
  createInspector: CreateInspector,
): Promise<void> {
  const listens = addShortcut(server)
  server.middlewares.use(askImporterAgain(server))
  const context = await session.context()
  const { base, server: options } = server.config
  const page = await pageOf(session, base)
  session.waysToAgree = () => ({ key: listens() ? `${AGREE_KEY} + Enter` : undefined, page })
  if (page === undefined) return
  const host = typeof options.host === 'string' ? options.host : undefined
  server.middlewares.use(await createInspector({ context, base, host }))
}

/** The path at which a dev server has the page of the models; undefined for one that has none. */
export async function pageOf(session: Session, base: string): Promise<string | undefined> {
  const { ports } = await session.context()
  return ports.options.inspector && !session.bundler.underTest ? `${base}__meshy/` : undefined
}

/** A resolved config of Vite, as far as it says what is watched. */
export interface WatchingConfig {
  root: string
  server?: { watch?: { ignored?: unknown } | null }
  configFileDependencies: string[]
}

/** Tells Vite what to watch before it serves: `meshy.config.*` like its own config, and nothing of the cache but `state`. */
export async function equipConfig(session: Session, config: WatchingConfig): Promise<void> {
  const { configFile } = findProject(config.root)
  if (configFile) config.configFileDependencies.push(toPosix(configFile))
  await spareWatcher(session, config)
}

/** What changes in the cache while models come in, and no module depends on. */
const UNWATCHED = ['blobs', 'entries', 'journal', 'leases', 'notes', 'out', 'preview', 'tmp']

/** Keeps Vite's watcher off the files of the cache, of which there may be thousands; not off `state`. */
async function spareWatcher(session: Session, config: Pick<WatchingConfig, 'server'>): Promise<void> {
  const { server } = config
  if (!server || server.watch === null) return
  const {
    ports: { options },
  } = await session.context()
  const folders = UNWATCHED.map((name) => toPosix(path.join(options.cacheDir, name)))
  // A function, since a pattern would take a `[` in the path of a project for its own.
  const isCached = (file: string) => folders.some((folder) => `${toPosix(file)}/`.startsWith(`${folder}/`))
  server.watch = { ...server.watch, ignored: [server.watch?.ignored ?? [], isCached].flat() }
}
