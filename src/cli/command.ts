import type { ArgsDef, ParsedArgs } from 'citty'
import type { ExitCode } from './exit-code.ts'

/** A command: what it takes, and what it does. It returns an exit code when that is not 0. */
export interface Command {
  meta: { name: string; description: string; version?: string }
  args?: ArgsDef
  run?(args: ParsedArgs<ArgsDef>): Promise<ExitCode | void>
  /** Commands below this one, loaded when they are called. */
  subCommands?: Record<string, () => Promise<Command>>
  /** The one below that is meant when none is named. */
  default?: string
}

/** Makes a command whose `run` knows the types of its own arguments. */
export function defineCommand<Args extends ArgsDef>(command: {
  meta: Command['meta']
  args: Args
  run(args: ParsedArgs<Args>): Promise<ExitCode | void>
}): Command {
  // The arguments are parsed by this very definition.
  return command as unknown as Command
}

/** As `valueHint` of the last positional argument: more of them may follow, in `args._`. */
export const MORE = '...'
