import type { ArgsDef, ParsedArgs } from 'citty'

/** Its exit code, see {@link EXIT}, or that of a program that it ran; none is 0. */
type Outcome = Promise<number | void>

/** A command: what it takes, and what it does. */
export interface Command {
  meta: { name: string; description: string; version?: string }
  args?: ArgsDef
  /** Whether it may spend credits: what says nothing never does. */
  pays?: true
  /** Whether words after `--` are a program to run. */
  takesProgram?: true
  run?(args: ParsedArgs<ArgsDef>, program: readonly string[]): Outcome
  /** Commands below this one, loaded when they are called. */
  subCommands?: Record<string, () => Promise<Command>>
  /** The one below that is meant when none is named. */
  default?: string
}

/** Makes a command whose `run` knows the types of its own arguments. */
export function defineCommand<Args extends ArgsDef>(command: {
  meta: Command['meta']
  pays?: true
  takesProgram?: true
  args: Args
  run(args: ParsedArgs<Args>, program: readonly string[]): Outcome
}): Command {
  // The arguments are parsed by this very definition.
  return command as unknown as Command
}

/** As `valueHint` of the last positional argument: more of them may follow, in `args._`. */
export const MORE = '...'
