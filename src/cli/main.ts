import { PLUGIN_VERSION } from '../system/version.ts'
import { type Command, findCommand, commonArgs, readArgs } from './command.ts'
import { stripVTControlCharacters } from 'node:util'
import { renderUsage, type CommandDef } from 'citty'
import { createRedactor } from '../system/redact.ts'
import { EXIT, describeFailure, UsageError } from './failure.ts'
import { print, printError, printStyled } from './print.ts'

/** The command line. Commands are loaded when they are called. */
export const main: Command = {
  meta: { name: 'unplugin-meshy', version: PLUGIN_VERSION, description: 'Models as imports.' },
  subCommands: {
    status: async () => (await import('./status.ts')).status,
    plan: async () => (await import('./plan.ts')).plan,
    generate: async () => (await import('./generate.ts')).generate,
    types: async () => (await import('./types.ts')).types,
    report: async () => (await import('./report.ts')).report,
    tasks: async () => (await import('./tasks.ts')).tasks,
    adopt: async () => (await import('./adopt.ts')).adopt,
    forget: async () => (await import('./forget.ts')).forget,
    balance: async () => (await import('./balance.ts')).balance,
    pin: async () => (await import('./pin.ts')).pin,
    verify: async () => (await import('./verify.ts')).verify,
    push: async () => (await import('./transfer.ts')).push,
    pull: async () => (await import('./transfer.ts')).pull,
    diff: async () => (await import('./diff.ts')).diff,
    merge: async () => (await import('./merge.ts')).merge,
    prune: async () => (await import('./prune.ts')).prune,
    emulate: async () => (await import('./emulate.ts')).emulate,
  },
}

/** Runs a command line, reports what went wrong, and returns the exit code. */
export async function runCommandLine(words: string[]): Promise<number> {
  const { line, program } = splitLine(words)
  try {
    if (line.length === 1 && ['--version', '-v'].includes(line[0] ?? '')) {
      print(main.meta.version ?? '')
      return EXIT.ok
    }
    return await run(line, program)
  } catch (error) {
    return tell(error, { json: line.includes('--json'), verbose: line.includes('--verbose') })
  }
}

/** What precedes `--` is for us, and what follows is a program to run; undefined without a `--`. */
function splitLine(words: string[]): { line: string[]; program: string[] | undefined } {
  const end = words.indexOf('--')
  return end < 0
    ? { line: words, program: undefined }
    : { line: words.slice(0, end), program: words.slice(end + 1) }
}

async function run(line: string[], program: string[] | undefined): Promise<number> {
  const wantsHelp = line.includes('--help') || line.includes('-h')
  const { command, parent, rest } = await findCommand(
    main,
    line.filter((word) => word !== '--help' && word !== '-h'),
    { useDefault: !wantsHelp },
  )
  if (wantsHelp || !command.run) {
    const usage = await usageOf(command, parent)
    if (!wantsHelp) throw new UsageError(stripVTControlCharacters(usage))
    printStyled(usage)
    return EXIT.ok
  }
  if (program && (!command.takesProgram || !program[0]?.trim())) throw misplacedProgram(command)
  return (await command.run(readArgs(rest, command), program ?? [])) ?? EXIT.ok
}

function misplacedProgram({ meta, takesProgram }: Command): UsageError {
  if (takesProgram) return new UsageError('There is nothing after `--`; expected a build command.')
  return new UsageError(
    `\`${meta.name}\` runs no other program: only \`plan\` and \`generate\` accept \`--\`.`,
  )
}

async function usageOf({ args, ...command }: Command, parent: Command | undefined): Promise<string> {
  const shown = command.run ? { ...command, args: { ...args, ...commonArgs } } : command
  // The same shape, except for how commands are run.
  const usage = await renderUsage(shown as unknown as CommandDef, parent as unknown as CommandDef | undefined)
  const whole = withProgram(usage, command.takesProgram)
  return process.stdout.isTTY ? whole : stripVTControlCharacters(whole)
}

/** The library does not know what follows `--`. */
function withProgram(usage: string, program: string | undefined): string {
  if (program === undefined) return usage
  return `${usage.replace('[OPTIONS]', '[OPTIONS] [-- <command>]')}\nCOMMAND\n\n  -- <command>    ${program}\n`
}

function tell(error: unknown, { json, verbose }: { json: boolean; verbose: boolean }): number {
  const redact = createRedactor([process.env['MESHY_API_KEY']?.trim()])
  const failure = describeFailure(error)
  const text = json ? JSON.stringify(failure.facts) : failure.text
  const stack = verbose && failure.stack ? `\n${failure.stack}` : ''
  printError(redact(text + stack))
  return failure.exitCode
}
