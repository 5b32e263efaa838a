import { waitForTask } from '../run/commands/account.ts'
import { defineCommand } from './command.ts'
import { print, printError, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'
import { factsOf, stateOf } from './task-facts.ts'

/** Waits for a task to end. Ctrl-C ends the waiting, and not the task. */
export const tasksWait = defineCommand({
  meta: { name: 'wait', description: 'Wait until a task has succeeded; a failed one is an error.' },
  args: { task: { type: 'positional', description: 'Id of the task.', required: true }, ...projectArgs },
  async run({ task: id, json, ...args }) {
    const { context } = await openCommand(args)
    let last = ''
    const task = await waitForTask(context, id, (heard) => {
      const state = stateOf(heard)
      if (state !== last) printError(`${id}: ${state}`)
      last = state
    })
    if (json) printJson(factsOf(task))
    else print(`${id} has succeeded.`)
  },
})
