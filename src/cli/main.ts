import { PLUGIN_VERSION } from '../pipeline/version.ts'
import type { Command } from './command.ts'

/** The command line. Each command is a file of its own, loaded when it is called. */
export const main: Command = {
  meta: { name: 'unplugin-meshy', version: PLUGIN_VERSION, description: 'Models as imports.' },
  subCommands: {
    plan: async () => (await import('./plan.ts')).plan,
    generate: async () => (await import('./generate.ts')).generate,
    emulate: async () => (await import('./emulate.ts')).emulate,
  },
}
