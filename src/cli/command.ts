import { type ArgsDef, type ParsedArgs, parseArgs } from 'citty'
import { nearestName } from '../system/nearest-name.ts'
import { UsageError } from './failure.ts'
import { messageOf } from '../system/errors.ts'

/** Its exit code, see {@link EXIT}, or that of a program that it ran; undefined means 0. */
type Outcome = Promise<number | void>

/** A command: what it accepts, and what it does. */
export interface Command {
  meta: { name: string; description: string; version?: string }
  args?: ArgsDef
  /** Whether it may spend credits; a command without this field never does. */
  pays?: true
  /** If words after `--` are a program to run: what it is for. */
  takesProgram?: string
  run?(args: ParsedArgs<ArgsDef>, program: readonly string[]): Outcome
  /** Commands below this one, loaded when they are called. */
  subCommands?: Record<string, () => Promise<Command>>
  /** The subcommand that is used if none is named. */
  default?: string
}

/** Creates a command whose `run` knows the types of its own arguments. */
export function defineCommand<Args extends ArgsDef>(command: {
  meta: Command['meta']
  pays?: true
  takesProgram?: string
  args: Args
  run(args: ParsedArgs<Args & typeof commonArgs>, program: readonly string[]): Outcome
}): Command {
  // The arguments are parsed according to this very definition.
  return command as unknown as Command
}

/** As `valueHint` of the last positional argument: more of them may follow, in `args._`. */
export const MORE = '...'

/** The command that a command line names, and the rest of the line. */
interface FoundCommand {
  command: Command
  parent: Command | undefined
  rest: string[]
}

/**
 * The library would do the same, except for the exit code of a subcommand, similar names, and what follows `--`.
 *
 * @param init.useDefault false for help: that of a command with others below it lists those
 * @throws {UsageError} if there is no such command
 */
export async function findCommand(
  main: Command,
  line: readonly string[],
  { useDefault = true } = {},
): Promise<FoundCommand> {
  const found: FoundCommand = { command: main, parent: undefined, rest: [...line] }
  while (found.command.subCommands) {
    const { command, rest } = found
    const [first] = rest
    const isNamed = first !== undefined && !first.startsWith('-')
    const byDefault = useDefault ? command.default : undefined
    const name = isNamed ? first : byDefault
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

/** Options that every command has. */
export const commonArgs = {
  json: { type: 'boolean', description: 'Print JSON for programs.' },
  verbose: { type: 'boolean', description: 'Show the stack trace of an error.' },
} as const satisfies ArgsDef

/**
 * Parses a command line, and refuses what the command does not know: a mistyped `--yes` must not be ignored.
 *
 * @throws {UsageError}
 */
export function readArgs(
  line: string[],
  { meta, args: definitions = {}, takesProgram }: Command,
): ParsedArgs<ArgsDef> {
  const known: ArgsDef = { ...definitions, ...commonArgs }
  const args = parse(line, known)
  const names = Object.keys(known)
  const options = names.filter((name) => known[name]?.type !== 'positional')
  const accepted = new Set(['_', ...names, ...options.map(camelCase)])
  for (const name of Object.keys(args)) if (!accepted.has(name)) throw unknownOption(name, options)
  assertSwitches(line, known)
  for (const name of options.filter((option) => known[option]?.type === 'string')) {
    if (args[name] === false) throw unknownOption(`no-${name}`, options)
    if (args[name] === '') throw new UsageError(`\`--${name}\` has no value.`)
  }
  if (args._.includes('')) throw new UsageError('An argument is empty; it may be a variable that is not set.')
  assertCount(args._, known, takesProgram && meta.name)
  return args
}

/** The number of an option. @throws {UsageError} if it is not one, or not above `least` */
export function readNumber(name: string, value: string, { least, whole }: { least: number; whole: boolean }) {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (number >= least && (!whole || Number.isInteger(number))) return number
  throw new UsageError(
    `\`--${name}\` is \`${value}\`; expected a ${whole ? 'whole ' : ''}number of ${least} or more.`,
  )
}

function parse(line: string[], known: ArgsDef): ParsedArgs<ArgsDef> {
  try {
    return parseArgs(line, known)
  } catch (error) {
    // The class is not exported; its message is for people.
    if (error instanceof Error && error.name === 'CLIError') throw new UsageError(messageOf(error))
    throw error
  }
}

/** To the library every value but `false` is a yes, and `--yes=no` must not remove anything. */
function assertSwitches(line: readonly string[], known: ArgsDef): void {
  for (const word of line) {
    const [, name = '', value = ''] = /^--([^=]+)=(.*)$/.exec(word) ?? []
    if (known[name]?.type !== 'boolean' || value === 'true' || value === 'false') continue
    throw new UsageError(`\`--${name}\` is \`${value}\`; expected \`true\` or \`false\`.`)
  }
}

function unknownOption(name: string, options: string[]): UsageError {
  const nearest = nearestName(name, options)
  const help = nearest ? `Did you mean \`--${nearest}\`?` : `Known options: --${options.join(', --')}.`
  return new UsageError(`There is no option \`${name.length > 1 ? '--' : '-'}${name}\`. ${help}`)
}

/** @param runner the name of the command if it runs a program, which is easily passed without `--` */
function assertCount(positionals: string[], known: ArgsDef, runner?: string): void {
  const defined = Object.values(known).filter(({ type }) => type === 'positional')
  if (defined.at(-1)?.valueHint === MORE || positionals.length <= defined.length) return
  const words = positionals.slice(defined.length)
  const help = runner
    ? ` A build command follows \`--\`: \`npx unplugin-meshy ${runner} -- ${words.join(' ')}\`.`
    : ''
  throw new UsageError(`Unexpected argument \`${words[0]}\`.${help}`)
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
