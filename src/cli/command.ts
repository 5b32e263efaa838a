import type { ArgsDef, ParsedArgs } from 'citty'
import { nearestName } from '../system/nearest-name.ts'
import { UsageError } from './failure.ts'

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

/** A command that a command line names, and what is left of the line. */
interface FoundCommand {
  command: Command
  parent: Command | undefined
  rest: string[]
}

/**
 * What the library would do as well, but for the exit code of a command below another one, names that are alike, and
 * what stands behind `--`.
 *
 * @throws {UsageError} when there is no such command
 */
export async function findCommand(main: Command, line: readonly string[]): Promise<FoundCommand> {
  const found: FoundCommand = { command: main, parent: undefined, rest: [...line] }
  while (found.command.subCommands) {
    const { command, rest } = found
    const [first] = rest
    const isNamed = first !== undefined && !first.startsWith('-')
    const name = isNamed ? first : command.default
    if (name === undefined) return found
    found.rest = isNamed ? rest.slice(1) : rest
    found.parent = command
    found.command = await loadCommand(command, name)
  }
  return found
}

async function loadCommand({ subCommands = {} }: Command, name: string): Promise<Command> {
  const load = Object.hasOwn(subCommands, name) ? subCommands[name] : undefined
  if (load) return load()
  const names = Object.keys(subCommands)
  const nearest = nearestName(name, names)
  const help = nearest ? `Did you mean \`${nearest}\`?` : `Expected one of ${names.join(', ')}.`
  throw new UsageError(`There is no command \`${name}\`. ${help}`)
}
