import { pull as pullModels } from './stores.ts'
import { defineCommand } from './command.ts'
import { assertMoved, formatMoved } from './push.ts'
import { printResult } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

/** Fetches what the lockfile pins from the stores of the machine and the team. */
export const pull = defineCommand({
  meta: {
    name: 'pull',
    description: 'Fetch what the lockfile pins from the stores. Never pays; needs no API key.',
  },
  args: projectArgs,
  async run({ json, ...args }) {
    const { context } = await openCommand(args)
    const moved = await pullModels(context)
    printResult(json, moved, formatMoved(context, moved, 'pull'))
    assertMoved(moved, 'pull')
  },
})
