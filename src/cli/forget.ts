import { forgetNamed, type Forgotten } from '../run/commands/forget.ts'
import { defineCommand } from './command.ts'
import { assertModelArgument, modelArg, openCommand, projectArgs } from './project.ts'
import { formatCredits, printResult } from './print.ts'

/** Gives a model up, so that the next build pays for a new one. */
export const forget = defineCommand({
  meta: { name: 'forget', description: 'Give a model up. The next build pays for a new one.' },
  args: { model: modelArg, ...projectArgs },
  async run({ model, json, ...args }) {
    assertModelArgument(model)
    const { context, place } = await openCommand(args)
    const forgotten = await forgetNamed(context, model, place.cwd)
    printResult(json, forgotten, format(forgotten))
  },
})

function format({ key, image, tasks, credits }: Forgotten): string {
  if (credits === undefined) {
    return (
      `${key} is forgotten; its record could not be read. The next build adopts the task of the account that ` +
      'carries this key, and pays only if there is none.'
    )
  }
  const names = tasks.length === 1 ? `task ${tasks[0]}` : `the tasks ${tasks.join(', ')}`
  const last = tasks.at(-1)
  const kept =
    last === undefined
      ? ''
      : ` This machine does not adopt ${names} again by itself; run \`adopt\` to do so. Other machines may still adopt a task ` +
        `for the 3 days that the service keeps it: \`unplugin-meshy tasks delete ${last}\` removes it permanently.`
  return `${image} (${key}) is forgotten. The next build pays ${formatCredits(credits)} for it.${kept}`
}
