import { PLUGIN_VERSION } from '../system/version.ts'
import type { Command } from './command.ts'

/** The command line. Each command is a file of its own, loaded when it is called. */
export const main: Command = {
  meta: { name: 'unplugin-meshy', version: PLUGIN_VERSION, description: 'Models as imports.' },
  subCommands: {
    status: async () => (await import('./status.ts')).status,
    plan: async () => (await import('./plan.ts')).plan,
    generate: async () => (await import('./generate.ts')).generate,
    types: async () => (await import('./types.ts')).types,
    report: async () => (await import('./report.ts')).report,
    tasks: async () => (await import('./tasks.ts')).tasks,
    adopt: async () => (await import('./adopt.ts')).adopt,
    forget: async () => (await import('./forget.ts')).forget,
    balance: async () => (await import('./balance.ts')).balance,
    pin: async () => (await import('./pin.ts')).pin,
    verify: async () => (await import('./verify.ts')).verify,
    push: async () => (await import('./push.ts')).push,
    pull: async () => (await import('./pull.ts')).pull,
    diff: async () => (await import('./diff.ts')).diff,
    merge: async () => (await import('./merge.ts')).merge,
    prune: async () => (await import('./prune.ts')).prune,
    emulate: async () => (await import('./emulate.ts')).emulate,
  },
}
