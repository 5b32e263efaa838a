import { nearestName } from '../system/nearest-name.ts'
import type { Command } from './command.ts'
import { UsageError } from './usage-error.ts'

/** A command that a command line names, and what is left of the line. */
export interface FoundCommand {
  command: Command
  parent: Command | undefined
  rest: string[]
}

/** @throws {UsageError} when there is no such command */
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
