import { forgetNamed, type Forgotten } from '../run/commands/forget.ts'
import { defineCommand } from './command.ts'
import { assertModelArgument, modelArg } from './model-argument.ts'
import { formatCredits, print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

/** Gives a model up, so that the next build pays for a new one. */
export const forget = defineCommand({
  meta: { name: 'forget', description: 'Give a model up: the next build pays for a new one.' },
  args: { model: modelArg, ...projectArgs },
  async run({ model, json, ...args }) {
    assertModelArgument(model)
    const { context, place } = await openCommand(args)
    const forgotten = await forgetNamed(context, model, place.cwd)
    if (json) printJson(forgotten)
    else print(format(forgotten))
  },
})

function format({ key, image, tasks, credits }: Forgotten): string {
  if (credits === undefined) {
    return (
      `${key} is forgotten; what it was could not be read. The next build takes over the task of the account that ` +
      'carries this key, and pays only where there is none.'
    )
  }
  const names = tasks.length === 1 ? `Task ${tasks[0]} is` : `The tasks ${tasks.join(', ')} are`
  const last = tasks.at(-1)
  const kept =
    last === undefined
      ? ''
      : ` ${names} not taken over again here; \`adopt\` does it by hand. Other machines may still take over what the ` +
        `service keeps, for 3 days: \`unplugin-meshy tasks delete ${last}\` removes it for good.`
  return `${image} (${key}) is forgotten. The next build pays ${formatCredits(credits)} for it.${kept}`
}
