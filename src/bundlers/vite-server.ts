import type { CreateInspector } from './adapter.ts'
import type { Session } from './session.ts'
import { addShortcut, type ShortcutServer } from './vite-shortcuts.ts'

/** A dev server of Vite, as far as it is equipped here. */
export interface EquippedServer extends ShortcutServer {
  config: ShortcutServer['config'] & { base: string; server: { host?: string | boolean | undefined } }
  middlewares: { use(middleware: ReturnType<CreateInspector>): void }
}

/** Gives a dev server the ways in which a developer says yes: a key of the terminal, and a page. */
export async function equipServer(
  session: Session,
  server: EquippedServer,
  createInspector: CreateInspector,
): Promise<void> {
  addShortcut(server)
  const context = await session.context()
  if (!context.options.inspector || session.bundler.underTest) return
  const { base, server: options } = server.config
  const host = typeof options.host === 'string' ? options.host : undefined
  server.middlewares.use(createInspector({ context, base, host }))
}
