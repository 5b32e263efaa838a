import { MeshyError } from '../system/errors.ts'
import { fetchFiles, reliedOn, verifyFiles, type FileStatus } from '../run/commands/verify.ts'
import { inspectTeam, noTeamStore } from '../run/commands/stores.ts'
import type { Context } from '../run/context.ts'
import { defineCommand } from './command.ts'
import { formatTable, plural, print, printJson, printResult } from './print.ts'
import { lookedIn, openCommand, projectArgs, whyNothingPinned } from './project.ts'

/** Checks that every file that the lockfile pins is present and correct. */
export const verify = defineCommand({
  meta: { name: 'verify', description: 'Check that every pinned file is present and correct.' },
  args: {
    fetch: {
      type: 'boolean',
      description:
        'Restore missing files without paying: from copies in the cache, or from their tasks, which needs the API key.',
    },
    stores: {
      type: 'boolean',
      description: 'Check the pinned files in the team store instead of the local ones.',
    },
    ...projectArgs,
  },
  async run({ fetch, stores, json, ...args }) {
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

async function verifyStore(context: Context, json: boolean): Promise<void> {
  const team = await inspectTeam(context, { read: true })
  if (!team) throw noTeamStore(context.ports.options)
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
    return 'Run `unplugin-meshy verify --fetch`, or build: `out` in the cache has correct copies of them.'
  }
  if (bad.some(({ status }) => status === 'lfs-pointer')) return 'Run `git lfs pull` for the pointers.'
  if (bad.every(({ role }) => role.startsWith('derived: '))) {
    return 'Build with MESHY_MODE=generate to derive them again, which is free, or restore `blobs` from git.'
  }
  return 'Run `unplugin-meshy verify --fetch` to fetch them from their tasks, or restore `blobs` from git.'
}

const CODES = {
  missing: 'MESHY_BLOB_MISSING',
  damaged: 'MESHY_BLOB_DAMAGED',
  'lfs-pointer': 'MESHY_BLOB_LFS_POINTER',
} as const

function badOf(files: readonly FileStatus[]): FileStatus[] {
  return files.filter(({ status }) => status !== 'ok')
}
