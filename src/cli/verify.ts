import { plural } from '../system/format.ts'
import { MeshyError } from '../system/errors.ts'
import { inspectTeam, noTeamStore } from './stores.ts'
import type { Context } from '../run/context.ts'
import { readAll } from '../store/found-records.ts'
import type { BlobStatus } from '../store/digest.ts'
import { outputFolder, type BlobRef, type Entry } from '../store/entry.ts'
import { bringFile } from '../finding/fetch-ahead.ts'
import { Problems } from '../run/reporting/problems.ts'
import { restore } from '../generate/restore.ts'
import { FILE_ROLES, type FileRole } from '../request/files.ts'
import { defineCommand } from './command.ts'
import { formatTable, print, printJson, printResult } from './print.ts'
import { lookedIn, openCommand, projectArgs, whyNothingPinned } from './project.ts'
import { UsageError } from './failure.ts'

export const verify = defineCommand({
  meta: { name: 'verify', description: 'Check that every pinned file is present and correct.' },
  args: {
    fetch: {
      type: 'boolean',
      description:
        'Restore missing files without paying: from copies in the cache, stores, or their tasks, which need the API key.',
    },
    stores: {
      type: 'boolean',
      description: 'Check the pinned files in the team store instead of the local ones.',
    },
    ...projectArgs,
  },
  async run({ fetch, stores, json, ...args }) {
    if (fetch && stores) throw new UsageError('`--fetch` and `--stores` exclude each other.')
    const { context } = await openCommand(args)
    if (stores) return verifyStore(context, json === true)
    const entries = await reliedOn(context)
    if (entries.length === 0) throw nothingPinned(context)
    let files = await verifyFiles(context, entries)
    const failure = fetch ? await fetchFiles(context, entries, files) : undefined
    if (fetch) files = await verifyFiles(context, entries)
    const unpinned = whyNothingPinned(context)
    printResult(json, { files, bad: badOf(files).length, pinned: !unpinned }, format(files, unpinned))
    if (failure !== undefined) throw failure
    assertGood(files, unpinned)
  },
})

/** A check of nothing is not good news: it ran in another folder, or the lockfile was never committed. */
function nothingPinned(context: Context): MeshyError {
  const missing = whyNothingPinned(context) ? 'stored' : 'pinned'
  return new MeshyError('MESHY_LOCKFILE_EMPTY', {
    message: `There is nothing to verify: no model is ${missing}. Looked in ${lookedIn(context)}.`,
    hint: 'Run it where the lockfile is, or pass the folder of the bundler with `--root`.',
  })
}

function nothingShared(context: Context, label: string): MeshyError {
  return new MeshyError('MESHY_LOCKFILE_EMPTY', {
    message:
      `There is nothing to verify in ${label}: no model is pinned that a store may have; those of an emulator are in none. ` +
      `Looked in ${lookedIn(context)}.`,
    hint: 'Run it where the lockfile is, or pass the folder of the bundler with `--root`.',
  })
}

async function verifyStore(context: Context, json: boolean): Promise<void> {
  const team = await inspectTeam(context, { read: true })
  if (!team) throw noTeamStore(context.ports.options)
  if (team.files.length === 0) throw nothingShared(context, team.label)
  const bad = team.files.filter(({ status }) => status !== 'ok')
  if (json) printJson({ store: team.label, files: team.files, bad: bad.length })
  else if (bad.length === 0)
    print(`${plural(team.files.length, 'pinned file')} in ${team.label}, all correct.`)
  else
    print(
      formatTable(
        ['image', 'file', 'is'],
        bad.map(({ image, ref, status }) => [image, ref.sha256, status]),
      ),
    )
  if (bad.length === 0) return
  throw new MeshyError('MESHY_BLOB_MISSING', {
    message: `${bad.length} of ${plural(team.files.length, 'pinned file')} cannot be fetched from ${team.label}.`,
    hint: hintOfStore(bad),
  })
}

function hintOfStore(bad: readonly { status: string }[]): string {
  const isLacking = bad.every(({ status }) => status === 'missing' || status === 'damaged')
  if (!isLacking)
    return 'Fix what the store answers (its address, its credentials, the server), and run it again.'
  const repair = bad.some(({ status }) => status === 'damaged') ? ' --repair' : ''
  return `Run \`unplugin-meshy push${repair}\` on a machine that has the bytes.`
}

/** @param unpinned why nothing is pinned: then the project relies on what this machine has stored */
function countOf(files: readonly FileStatus[], unpinned: string | undefined): string {
  return plural(files.length, unpinned ? 'stored file' : 'pinned file')
}

function format(files: readonly FileStatus[], unpinned: string | undefined): string {
  const bad = badOf(files)
  if (bad.length === 0) {
    return [`${countOf(files, unpinned)}, all present and correct.`, unpinned].filter(Boolean).join(' ')
  }
  const rows = bad.map(({ image, key, role, status, file }) => [image, key, role, status, file])
  return formatTable(['image', 'key', 'file', 'is', 'at'], rows)
}

function assertGood(files: readonly FileStatus[], unpinned: string | undefined): void {
  const bad = badOf(files)
  const [first] = bad
  if (!first) return
  throw new MeshyError(CODES[first.status as keyof typeof CODES], {
    message: `${bad.length} of ${countOf(files, unpinned)} cannot be used.`,
    hint: hintOf(bad),
  })
}

function hintOf(bad: readonly FileStatus[]): string {
  if (bad.every(({ copy }) => copy !== undefined)) {
    return 'Run `unplugin-meshy verify --fetch`: `out` in the cache has correct copies of them.'
  }
  if (bad.some(({ status }) => status === 'lfs-pointer')) return 'Run `git lfs pull` for the pointers.'
  if (bad.every(({ role }) => role.startsWith('derived: '))) {
    return 'Build with MESHY_MODE=generate to derive them again, which is free, or restore `blobs` from git.'
  }
  return 'Run `unplugin-meshy verify --fetch` to fetch them from stores or their tasks, or restore `blobs` from git.'
}

const CODES = {
  missing: 'MESHY_BLOB_MISSING',
  damaged: 'MESHY_BLOB_DAMAGED',
  'lfs-pointer': 'MESHY_BLOB_LFS_POINTER',
} as const

function badOf(files: readonly FileStatus[]): FileStatus[] {
  return files.filter(({ status }) => status !== 'ok')
}

/** A file that the project relies on, and the state of what is there. */
interface FileStatus {
  key: string
  image: string
  /** For a derivation, its steps. */
  role: FileRole | `derived: ${string}`
  file: string
  status: BlobStatus
  /** A copy with the right bytes, for a file that cannot be used. */
  copy?: string
}

/** The models that the project relies on: those of the lockfile, or all if nothing is pinned. */
export async function reliedOn({ ports: { store } }: Context): Promise<Entry[]> {
  if (store.lockfile) return [...(await store.lockfile.all()).values()]
  return readAll(store.entries, [])
}

/** Reads every file that models rely on, and compares it with what it should be. Changes nothing. */
export async function verifyFiles(
  { ports: { store, signal } }: Context,
  entries: readonly Entry[],
): Promise<FileStatus[]> {
  const found: FileStatus[] = []
  for (const entry of entries) {
    const { key, image } = entry
    for (const { role, ref } of namedFiles(entry)) {
      const status = await store.blobs.verify(ref, signal)
      const copy = status === 'ok' ? undefined : await store.copies.find(ref, outputFolder(entry, ref))
      found.push({ key, image, role, file: store.blobs.path(ref), status, ...(copy && { copy }) })
    }
  }
  return found
}

function namedFiles({ files, derived = {} }: Entry): { role: FileStatus['role']; ref: BlobRef }[] {
  const named = Object.entries(files).map(([role, ref]) => ({ role: role as FileRole, ref }))
  const others = Object.values(derived).filter(({ sha256 }) => sha256 !== files.glb.sha256)
  return [...named, ...others.map((ref) => ({ role: `derived: ${ref.steps.join(', ')}` as const, ref }))]
}

/**
 * Restores missing or damaged files without paying: from copies in the project; derived ones also from the stores, all
 * others also from the tasks of their models. One lost model is no reason to abandon the others: the failures are
 * returned, as one error.
 */
async function fetchFiles(
  context: Context,
  entries: readonly Entry[],
  files: readonly FileStatus[],
): Promise<unknown> {
  const problems = new Problems()
  const statuses = new Map(files.map(({ file, status }) => [file, status]))
  for (const entry of entries) {
    const lacking = await stillLacking(context, entry, statuses)
    if (lacking.length === 0) continue
    try {
      await restore(await context.paying(), { entry, lacking })
    } catch (error) {
      problems.add(entry.key, error)
    }
  }
  return problems.take()
}

/** Restores what needs no task. @returns the roles of what a task may have; git has what a pointer stands for */
async function stillLacking(
  { ports }: Context,
  entry: Entry,
  statuses: ReadonlyMap<string, BlobStatus>,
): Promise<FileRole[]> {
  const { blobs, copies } = ports.store
  const lacking: FileRole[] = []
  for (const { role, ref } of namedFiles(entry)) {
    const status = statuses.get(blobs.path(ref))
    if (status === 'ok' || (await copies.restore(ref, outputFolder(entry, ref)))) continue
    const known = FILE_ROLES.find((one) => one === role)
    if (known === undefined) await bringFile(ports, entry, ref)
    else if (status !== 'lfs-pointer') lacking.push(known)
  }
  return lacking
}
