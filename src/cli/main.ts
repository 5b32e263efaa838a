import { PLUGIN_VERSION } from '../pipeline/version.ts'
import type { Command } from './command.ts'

/** The command line. Each command is a file of its own, loaded when it is called. */
export const main: Command = {
  meta: { name: 'unplugin-meshy', version: PLUGIN_VERSION, description: 'Models as imports.' },
  subCommands: {
    emulate: async () => (await import('./emulate.ts')).emulate,
  },
}
