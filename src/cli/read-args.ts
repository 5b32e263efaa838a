import { stripVTControlCharacters } from 'node:util'
import { parseArgs, type ArgsDef, type ParsedArgs } from 'citty'
import { nearestName } from '../system/nearest-name.ts'
import { MORE } from './command.ts'
import { UsageError } from './failure.ts'

/** Options that every command has. */
export const commonArgs = {
  json: { type: 'boolean', description: 'Print JSON for programs.' },
  verbose: { type: 'boolean', description: 'Show the stack trace of an error.' },
} as const satisfies ArgsDef

/**
 * Reads a command line, and refuses what the command does not know: a mistyped `--yes` must not be silence.
 *
 * @throws {UsageError}
 */
export function readArgs(line: string[], definitions: ArgsDef = {}): ParsedArgs<ArgsDef> {
  const known: ArgsDef = { ...definitions, ...commonArgs }
  const args = parse(line, known)
  const names = Object.keys(known)
  const options = names.filter((name) => known[name]?.type !== 'positional')
  const accepted = new Set(['_', ...names, ...options.map(camelCase)])
  for (const name of Object.keys(args)) if (!accepted.has(name)) throw unknownOption(name, options)
  for (const name of options) assertValue(name, known[name]?.type, args[name])
  assertCount(args._, known)
  return args
}

/** A number of an option. @throws {UsageError} when it is none, or not above `least` */
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
    if (error instanceof Error && error.name === 'CLIError')
      throw new UsageError(stripVTControlCharacters(error.message))
    throw error
  }
}

function unknownOption(name: string, options: string[]): UsageError {
  const nearest = nearestName(name, options)
  const help = nearest ? `Did you mean \`--${nearest}\`?` : `Known options: --${options.join(', --')}.`
  return new UsageError(`There is no option \`${name.length > 1 ? '--' : '-'}${name}\`. ${help}`)
}

function assertValue(name: string, type: string | undefined, value: unknown): void {
  if (type === 'string' && value === '') throw new UsageError(`\`--${name}\` has no value.`)
}

function assertCount(positionals: string[], known: ArgsDef): void {
  const defined = Object.values(known).filter(({ type }) => type === 'positional')
  if (defined.at(-1)?.valueHint === MORE || positionals.length <= defined.length) return
  throw new UsageError(`Unexpected argument \`${positionals[defined.length]}\`.`)
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
