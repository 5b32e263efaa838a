import type { BindCLIShortcutsOptions, CLIShortcut, ViteDevServer } from 'vite'
import type { PluginApi } from './adapter.ts'

/** The key of the terminal with which a developer approves. */
export const AGREE_KEY = 'g'

/** The shortcuts that it has listened for since before a restart, if this version keeps them here. */
interface KeptShortcuts {
  _shortcutsState?: { options: BindCLIShortcutsOptions } | undefined
}

/**
 * Adds our key to those that Vite listens for, whenever it starts listening.
 *
 * @returns whether it listens: only in a terminal, and not if a framework has the terminal to itself
 */
export function addShortcut(server: ViteDevServer): () => boolean {
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
