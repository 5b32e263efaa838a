import { listTasks } from '../run/commands/account.ts'
import { defineCommand } from './command.ts'
import { formatTable, print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'
import { readNumber } from './read-args.ts'
import { factsOf, stateOf } from './task-facts.ts'

/** The newest tasks of the account, whoever started them. */
export const tasksList = defineCommand({
  meta: { name: 'list', description: 'List the newest tasks of the account.' },
  args: {
    limit: { type: 'string', description: 'How many.', default: '20' },
    ...projectArgs,
  },
  async run({ limit, json, ...args }) {
    const count = readNumber('limit', limit, { least: 1, whole: true })
    const { context } = await openCommand(args)
    const tasks = await listTasks(context, count)
    if (json) return printJson(tasks.map(factsOf))
    if (tasks.length === 0) return print('The account has no tasks.')
    const rows = tasks.map((task) => [
      task.id,
      stateOf(task),
      factsOf(task).createdAt?.slice(0, 16).replace('T', ' ') ?? '',
      task.name ?? '',
    ])
    print(formatTable(['task', 'state', 'created (UTC)', 'name'], rows))
  },
})
