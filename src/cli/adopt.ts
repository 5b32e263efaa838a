import { adoptTask } from '../run/commands/adopt.ts'
import { defineCommand } from './command.ts'
import { modelArg, openModel, projectArgs } from './project.ts'
import { print, printJson } from './print.ts'

/** Takes a task of the account over for an import, unpaid. */
export const adopt = defineCommand({
  meta: { name: 'adopt', description: 'Give an import the model of an existing task, without paying.' },
  args: {
    task: { type: 'positional', description: 'ID of the task; see `tasks`.', required: true },
    model: modelArg,
    force: { type: 'boolean', description: 'Adopt the task even if it was made for another import.' },
    ...projectArgs,
  },
  async run({ task: taskId, model, force = false, json, ...args }) {
    const { context, subject } = await openModel(args, model)
    const { status } = await adoptTask(context, subject, { taskId, force })
    const { key, imageName: image } = subject
    if (json) printJson({ key, image, task: taskId, status })
    else
      print(
        `${image} (${key}) has adopted task ${taskId} (${status}). The next build stores its model, without paying.`,
      )
  },
})
