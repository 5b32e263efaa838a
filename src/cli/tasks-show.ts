import { findTask } from '../run/commands/account.ts'
import { defineCommand } from './command.ts'
import { print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'
import { factsOf } from './task-facts.ts'

/** What the service says of one task. */
export const tasksShow = defineCommand({
  meta: { name: 'show', description: 'Show a task.' },
  args: { task: { type: 'positional', description: 'Id of the task.', required: true }, ...projectArgs },
  async run({ task: id, json, ...args }) {
    const { context } = await openCommand(args)
    const facts = factsOf(await findTask(context, id))
    if (json) return printJson(facts)
    const lines = Object.entries(facts).flatMap(([name, value]) => {
      const text = Array.isArray(value) ? value.join(', ') : String(value ?? '')
      return text === '' ? [] : [`${name.padEnd(10)}  ${text}`]
    })
    print(lines.join('\n'))
  },
})
