import { defineCommand } from 'citty'
import { PLUGIN_VERSION } from '../pipeline/version.ts'

/** The command line. Each command is a file of its own, loaded when it is called. */
export const main = defineCommand({
  meta: { name: 'unplugin-meshy', version: PLUGIN_VERSION, description: 'Models as imports.' },
  subCommands: {
    emulate: () => import('./emulate.ts').then(({ emulate }) => emulate),
  },
})
