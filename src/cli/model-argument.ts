import type { Context } from '../run/context.ts'
import type { Subject } from '../request/request.ts'
import { namesModel, readSubject } from '../run/commands/subject.ts'
import { openCommand, type ProjectArgs } from './project.ts'
import { UsageError } from './usage-error.ts'

/** The argument of commands that are about one model. */
export const modelArg = {
  type: 'positional',
  description: 'An import as written in the code, such as "./hero.png?meshy&pbr", or the key of a model.',
  required: true,
} as const

/** Opens the project and finds the model that an argument names. */
export async function openModel(
  args: ProjectArgs,
  argument: string,
): Promise<{ context: Context; subject: Subject }> {
  assertModelArgument(argument)
  const { context, place } = await openCommand(args)
  return { context, subject: await readSubject(context, argument, place.cwd) }
}

/** @throws {UsageError} */
export function assertModelArgument(argument: string): void {
  if (namesModel(argument)) return
  throw new UsageError(
    `\`${argument}\` does not name a model; expected an import such as "./hero.png?meshy&pbr" (in quotes), or a key.`,
  )
}
