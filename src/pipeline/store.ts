import { fingerprint, type Hasher } from '../request/fingerprint.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { createBlobs, type Blobs } from '../store/blobs.ts'
import { createEntries, type Entries } from '../store/entries.ts'
import { createFileNotes, type FileNotes } from '../store/file-notes.ts'
import { createJournal, type Journal } from '../store/journal.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { createLayout, type Layout } from '../store/layout.ts'
import { withLease, type Lease, type LeaseOptions } from '../store/lease.ts'
import { createLockfile, type LockfileOptions } from '../store/lockfile.ts'
import { createOutputs, type Outputs } from '../store/outputs.ts'
import { createPreparation } from '../store/prepare.ts'
import type { Clock } from '../system/clock.ts'
import type { ResolvedOptions } from './options.ts'
import { createPins, type Pins } from './pins.ts'

/** Everything on disk: bytes, what is known of them, what is pinned, what is on its way. */
export interface Store {
  layout: Layout
  blobs: Blobs
  outputs: Outputs
  notes: FileNotes
  entries: Entries
  /** Undefined when the project pins nothing. */
  lockfile: Pins | undefined
  journal: Journal
  /** Writes the cache folder's own files, once. */
  prepare(): Promise<void>
  /** Runs `use` while no other process works on the key. */
  withLease<T>(
    key: string,
    use: (lease: Lease) => Promise<T>,
    options: Pick<LeaseOptions, 'signal' | 'onWait'>,
  ): Promise<T>
  /** Ids of tasks that belong to requests we know, so that they are no candidates for a lost one. */
  knownTasks(): Promise<ReadonlySet<string>>
  /** Keys that were on their way when this run first asked: read once, since it is asked for each import. */
  begun(): Promise<ReadonlySet<string>>
}

/** Opens the store of a project. Nothing is written before there is something to store. */
export function openStore(options: ResolvedOptions, hasher: Hasher, clock: Clock): Store {
  const layout = createLayout(options.cacheDir)
  const prepare = createPreparation(layout, clock)
  const keyOf = (request: CanonicalRequest) => fingerprint(request, hasher)
  const entries = createEntries(layout, { fingerprint: keyOf, prepare })
  const journal = createJournal(layout, prepare)
  const notes = createFileNotes(layout, prepare, clock)
  const lockfile = options.lockfile
    ? openPins(options.lockfile, { layout, fingerprint: keyOf, clock })
    : undefined
  let begun: Promise<ReadonlySet<string>> | undefined
  return {
    layout,
    prepare,
    entries,
    journal,
    lockfile,
    blobs: createBlobs(layout, prepare),
    outputs: createOutputs(layout, prepare, notes),
    notes,
    withLease: async (key, use, options) => {
      await prepare()
      return withLease(layout.lease(key), use, { ...options, clock })
    },
    knownTasks: async () =>
      new Set([...(await entryTasks(entries, lockfile)), ...(await journalTasks(journal))]),
    begun: () => (begun ??= journal.keys().then((keys) => new Set(keys))),
  }
}

function openPins(
  file: string,
  { layout, ...rest }: { layout: Layout; fingerprint: LockfileOptions['fingerprint']; clock: Clock },
): Pins {
  return createPins(createLockfile({ file, lease: layout.lease('lockfile'), ...rest }))
}

async function entryTasks(entries: Entries, lockfile: Pins | undefined): Promise<string[]> {
  const stored = await Promise.all((await entries.keys()).map((key) => entries.read(key)))
  const pinned = lockfile ? [...(await lockfile.all()).values()] : []
  return [...stored, ...pinned].flatMap((entry) => entry?.task?.id ?? [])
}

async function journalTasks(journal: Journal): Promise<string[]> {
  const records = await Promise.all((await journal.keys()).map((key) => journal.read(key)))
  return records.flatMap((record) => (record ? record.forgottenTasks.concat(tasksOf(record)) : []))
}

function tasksOf(record: JournalRecord): string[] {
  if (record.state === 'accepted') return [record.taskId]
  return record.state === 'failed' && record.failure.taskId ? [record.failure.taskId] : []
}
