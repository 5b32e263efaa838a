import type { PluginApi } from '../pipeline/plugin-api.ts'

/** The key of the terminal by which a developer says yes. */
export const AGREE_KEY = 'g'

/** A dev server of Vite, as far as its shortcuts need it. */
export interface ShortcutServer {
  config: { plugins: readonly { name: string; api?: unknown }[] }
  bindCLIShortcuts(options?: ShortcutOptions): void
}

interface ShortcutOptions {
  print?: boolean
  customShortcuts?: Shortcut[]
}

interface Shortcut {
  key: string
  description: string
  action(server: ShortcutServer): Promise<void>
}

/** Adds our key to those that Vite listens for, whenever it begins to. */
export function addShortcut(server: ShortcutServer): void {
  const bind = server.bindCLIShortcuts
  server.bindCLIShortcuts = (options = {}) =>
    bind({ ...options, customShortcuts: [...(options.customShortcuts ?? []), shortcut] })
}

const shortcut: Shortcut = {
  key: AGREE_KEY,
  description: 'generate the models that are asked for',
  async action(server) {
    // After a restart, Vite keeps the shortcuts of before, with other plugins.
    const plugin = server.config.plugins.find(({ name }) => name === 'unplugin-meshy')
    const api = plugin?.api as PluginApi | undefined
    await api?.agree()
  },
}
