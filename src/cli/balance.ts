import { MeshyError } from '../system/errors.ts'
import { defineCommand } from './command.ts'
import { formatCredits, printResult } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

export const balance = defineCommand({
  meta: { name: 'balance', description: 'Print the credits of the account.' },
  args: projectArgs,
  async run({ json, ...args }) {
    const { context } = await openCommand(args)
    const { account, signal } = await context.paying()
    const credits = await account().client.balance({ signal })
    if (credits === undefined) throw noBalance(context.ports.options.baseUrl)
    printResult(json, { credits }, formatCredits(credits))
  },
})

function noBalance(baseUrl: string): MeshyError {
  return new MeshyError('MESHY_API_NOT_FOUND', {
    message: `\`${baseUrl}\` does not report a balance.`,
    hint: 'Check the credits of the account at meshy.ai.',
  })
}
