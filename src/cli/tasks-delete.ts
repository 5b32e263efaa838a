import { deleteTask } from '../run/commands/account.ts'
import { defineCommand } from './command.ts'
import { print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

/** Deletes a task and its files at the service, for good. */
export const tasksDelete = defineCommand({
  meta: { name: 'delete', description: 'Delete a task and its files at the service, for good.' },
  args: {
    task: { type: 'positional', description: 'Id of the task.', required: true },
    force: { type: 'boolean', description: 'Also a task whose model is not stored here yet.' },
    ...projectArgs,
  },
  async run({ task: id, force = false, json, ...args }) {
    const { context } = await openCommand(args)
    await deleteTask(context, id, { force })
    if (json) printJson({ id, deleted: true })
    else print(`Task ${id} is deleted.`)
  },
})
