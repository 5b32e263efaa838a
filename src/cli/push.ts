import { push as pushModels } from '../run/commands/stores.ts'
import { defineCommand } from './command.ts'
import { assertMoved, formatMoved } from './moved.ts'
import { print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

/** Uploads what the lockfile pins to the team's store. */
export const push = defineCommand({
  meta: { name: 'push', description: 'Upload what the lockfile pins and the team store lacks.' },
  args: {
    repair: {
      type: 'boolean',
      description: 'Also read what is in the store, and replace damaged files there.',
    },
    ...projectArgs,
  },
  async run({ repair = false, json, ...args }) {
    const { context } = await openCommand(args)
    const moved = await pushModels(context, { repair })
    if (json) printJson(moved)
    else print(formatMoved(moved, 'Uploaded'))
    assertMoved(moved)
  },
})
