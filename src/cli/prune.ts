import { statSync } from 'node:fs'
import path from 'node:path'
import { rm } from 'node:fs/promises'
import { formatBytes, plural } from '../system/format.ts'
import { whyNoStores } from './stores.ts'
import { blobsOf, derivedFolder, type BlobRef, type Entry } from '../store/entry.ts'
import { orUnwritable } from '../store/disk-errors.ts'
import { listFolder } from '../store/layout.ts'
import type { Context } from '../run/context.ts'
import { findRecord, readAll } from '../store/found-records.ts'
import { isLongOver } from '../finding/record-state.ts'
import { withKeyLease } from '../generate/turn.ts'
import { buildArgs, buildChoiceOf, nothingImported, assertReadable } from './build-choice.ts'
import { defineCommand, MORE } from './command.ts'
import { planBuild } from './module-graph.ts'
import { formatTable, print, printError, printJson, printResult } from './print.ts'
import { openAsBundler, openCommand, placeOf, type BuildChoice, type ProjectArgs } from './project.ts'
import { UsageError } from './failure.ts'

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
    if (machine ? args._.length > 0 : all)
      throw new UsageError('`--all` is for `--machine`, which takes no builds.')
    if (machine) return pruneMachine(args, { yes, all, json: json === true })
    const [first = buildChoiceOf(args), ...others] = args._.map((name) => namedBuild(name, args))
    const choices = [first, ...others]
    for (const choice of choices) assertReadable('prune', choice)
    const context = await openAsBundler(first)
    const used = await keysIn(choices)
    const prunable = await findPrunable(context, used)
    if (yes) await removeFound(context, prunable)
    printResult(
      json,
      { ...prunable, used: [...used].sort(), removed: yes },
      format(prunable, { used: used.size, yes }),
    )
  },
})

async function keysIn(choices: readonly BuildChoice[]): Promise<Set<string>> {
  const used = new Set<string>()
  for (const choice of choices) {
    const rows = await planBuild(choice)
    if (rows.length === 0) printError(nothingImported(choice))
    for (const { request } of rows) used.add(request.key)
  }
  return used
}

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

/** What no build uses. */
interface Prunable {
  /** Models to remove from lockfile and entries. */
  models: { key: string; image: string; pinned: boolean }[]
  /** Files that no remaining model has; empty while models are on their way, because their files look the same. */
  blobs: BlobRef[]
  /** Copies and stand-ins of keys that no build uses: absolute paths. */
  folders: string[]
  /** Whether models are on their way. */
  busy: boolean
}

/**
 * What is left over by the builds that use `used`. Changes nothing.
 *
 * @param used the keys of every import of every build of the project
 */
export async function findPrunable(
  { ports: { store, clock, options } }: Context,
  used: ReadonlySet<string>,
): Promise<Prunable> {
  // Builds with an emulator have keys of their own: they say nothing about models that were paid for.
  const isUsed = ({ key, request }: Entry) => used.has(key) || (options.emulated && !request.emulated)
  // A build may be storing a model: its files, its entry, then the end of its record. Looked at in this order, its files
  // are not listed yet, or its record or its entry is seen.
  const files = await store.blobs.list()
  const busy = await isBusy(store, clock.now())
  const pins = (await store.lockfile?.all()) ?? new Map<string, Entry>()
  const stored = await readAll(store.entries, [])
  const entries = [...pins.values(), ...stored]
  const keptEntries = entries.filter(isUsed)
  const kept = new Set(keptEntries.flatMap(blobsOf).map(({ sha256 }) => sha256))
  const derived = keptEntries.flatMap((entry) => Object.values(entry.derived ?? {}).map(derivedFolder))
  const unused = new Map(entries.filter((entry) => !isUsed(entry)).map((entry) => [entry.key, entry]))
  return {
    models: [...unused.values()].map(({ key, image }) => ({ key, image, pinned: pins.has(key) })),
    blobs: busy ? [] : files.filter(({ sha256 }) => !kept.has(sha256)),
    folders: await unusedFolders(
      store.layout,
      new Set([...used, ...keptEntries.map(({ key }) => key), ...derived]),
    ),
    busy,
  }
}

/**
 * Removes what {@link findPrunable} found. Entries go before their bytes, so that a crash in between leaves nothing
 * that refers to missing bytes.
 */
async function removeFound(context: Context, { models, blobs, folders }: Prunable): Promise<void> {
  const { store } = context.ports
  const keys = models.map(({ key }) => key)
  if (keys.length > 0) await store.lockfile?.remove(keys)
  for (const { key, image: imageName } of models) {
    await withKeyLease(context.ports, { key, imageName }, () => store.entries.remove(key))
  }
  for (const folder of folders) await orUnwritable(folder, () => rm(folder, { recursive: true, force: true }))
  for (const blob of blobs) await store.blobs.remove(blob)
}

/** Whether files may belong to a model that is being stored. A record that cannot be read may be such a model. */
async function isBusy({ journal }: Context['ports']['store'], now: number): Promise<boolean> {
  const records = await Promise.all((await journal.keys()).map((key) => findRecord(journal, key)))
  return records.some((record) => {
    if (record?.state === 'started' || record?.state === 'accepted') return !isLongOver(record, now)
    return record?.state === 'unreadable'
  })
}

async function unusedFolders(
  { out, preview }: { out: string; preview: string },
  used: ReadonlySet<string>,
): Promise<string[]> {
  const folders = await Promise.all(
    [out, preview].map(async (folder) => (await listFolder(folder)).map((name) => path.join(folder, name))),
  )
  return folders.flat().filter((folder) => !used.has(path.basename(folder)))
}
