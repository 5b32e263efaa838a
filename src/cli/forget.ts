import { forgetModel, type Forgotten } from '../pipeline/commands/forget.ts'
import { defineCommand } from './command.ts'
import { modelArg, openModel } from './model-argument.ts'
import { formatCredits, print, printJson } from './print.ts'
import { projectArgs } from './project.ts'

/** Gives a model up, so that the next build pays for a new one. */
export const forget = defineCommand({
  meta: { name: 'forget', description: 'Give a model up: the next build pays for a new one.' },
  args: { model: modelArg, ...projectArgs },
  async run({ model, json, ...args }) {
    const { context, subject } = await openModel(args, model)
    const forgotten = await forgetModel(context, subject)
    if (json) printJson(forgotten)
    else print(format(forgotten))
  },
})

function format({ key, image, tasks, credits }: Forgotten): string {
  const names = tasks.length === 1 ? `Task ${tasks[0]} is` : `The tasks ${tasks.join(', ')} are`
  const kept = tasks.length > 0 ? ` ${names} not taken over again; \`adopt\` does it by hand.` : ''
  return `${image} (${key}) is forgotten. The next build pays ${formatCredits(credits)} for it.${kept}`
}
