import { statSync } from 'node:fs'
import path from 'node:path'
import { findPrunable, prune as removePrunable, type Prunable } from '../run/commands/prune.ts'
import {
  buildArgs,
  buildChoiceOf,
  nothingImported,
  assertReadable,
  type BuildChoice,
} from './build-choice.ts'
import { defineCommand, MORE } from './command.ts'
import { planBuild } from './module-graph.ts'
import { formatBytes } from '../system/format.ts'
import { formatTable, plural, print, printError, printJson, printResult } from './print.ts'
import { openCommand, placeOf, type ProjectArgs } from './project.ts'
import { UsageError } from './failure.ts'
import { whyNoStores } from '../run/commands/stores.ts'

/** Lists, and with `--yes` removes, what the named builds do not use. */
export const prune = defineCommand({
  meta: { name: 'prune', description: 'List or remove the models that no build uses. Name every build.' },
  args: {
    builds: {
      type: 'positional',
      description:
        'Every Vite build of the project, by its root or its config file. By default, the build of the root.',
      required: false,
      valueHint: MORE,
    },
    yes: { type: 'boolean', description: 'Remove the listed models and files.' },
    machine: {
      type: 'boolean',
      description: "Instead, shrink this user's machine store to its limit, least recently used files first.",
    },
    all: { type: 'boolean', description: 'With --machine: empty the store.' },
    ...buildArgs,
  },
  async run({ builds: _first, yes = false, machine = false, all = false, json, ...args }) {
    if (machine) return pruneMachine(args, { yes, all, json: json === true })
    const choices = args._.length > 0 ? args._.map((name) => namedBuild(name, args)) : [buildChoiceOf(args)]
    for (const choice of choices) assertReadable('prune', choice)
    const { context } = await openCommand(args)
    const used = new Set<string>()
    for (const choice of choices) {
      const rows = await planBuild(choice)
      if (rows.length === 0) printError(nothingImported(choice))
      for (const { request } of rows) used.add(request.key)
    }
    const prunable = await findPrunable(context, used)
    if (yes) await removePrunable(context, prunable)
    printResult(
      json,
      { ...prunable, used: [...used].sort(), removed: yes },
      format(prunable, { used: used.size, yes }),
    )
  },
})

async function pruneMachine(
  args: ProjectArgs,
  { yes, all, json }: { yes: boolean; all: boolean; json: boolean },
): Promise<void> {
  const { context } = await openCommand(args)
  const { machine } = context.ports.store.shared
  if (!machine) {
    const why = whyNoStores(context.ports.options) ?? '`machineStore` is off for this project'
    throw new UsageError(`There is nothing to prune: ${why}.`)
  }
  const limit = all ? 0 : context.ports.options.machineStoreLimit
  const { files, bytes } = await machine.size()
  const removed = yes ? await machine.trim(limit) : { files: 0, bytes: 0 }
  if (json) return printJson({ folder: machine.folder, files, bytes, limit, removed })
  const held = `${machine.folder} contains ${plural(files, 'file')} (${formatBytes(bytes)}).`
  const over = formatBytes(Math.max(0, bytes - limit))
  print(
    yes
      ? `${held} Removed ${plural(removed.files, 'file')} (${formatBytes(removed.bytes)}).`
      : `${held} To remove the least recently used ${over}, pass \`--yes\`.`,
  )
}

function namedBuild(name: string, args: Parameters<typeof buildChoiceOf>[0]): BuildChoice {
  const choice = buildChoiceOf(args)
  const file = path.resolve(placeOf(args).cwd, name)
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats)
    throw new UsageError(`\`${name}\` does not exist; expected the root of a build or its config file.`)
  return stats.isDirectory() ? { ...choice, root: file } : { ...choice, configFile: file }
}

function format(
  { models, blobs, folders, busy }: Prunable,
  { used, yes }: { used: number; yes: boolean },
): string {
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0)
  const rows = models.map(({ image, key, pinned }) => [image, key, pinned ? 'pinned' : ''])
  const amount = `${plural(models.length, 'model')}, ${plural(blobs.length, 'file')} (${formatBytes(bytes)}) and ${plural(folders.length, 'folder')} of copies`
  const lines = [
    `${plural(used, 'model')} in use.`,
    ...(models.length > 0 ? [formatTable(['unused', 'key', ''], rows)] : []),
    yes ? `Removed ${amount}.` : `To remove ${amount}, pass \`--yes\`.`,
    ...(busy ? ['Models are on their way, so no files are removed from `blobs` now.'] : []),
  ]
  return lines.join('\n')
}
