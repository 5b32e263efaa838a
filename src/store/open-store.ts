import { isMeshyError, type ErrorCode } from '../system/errors.ts'
import { fingerprint, type Hasher } from '../request/fingerprint.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { createBlobs, type Blobs } from './blobs.ts'
import { createEntries, type Entries } from './entries.ts'
import { createVerifiedFiles, type VerifiedFiles } from './verified-files.ts'
import { createJournal, type Journal } from './journal.ts'
import type { JournalRecord } from './journal-record.ts'
import { createLayout, type Layout } from './layout.ts'
import { withLease, type Lease, type LeaseOptions } from './lease.ts'
import { createLockfile, type LockfileOptions } from './lockfile.ts'
import { createOutputs, type Outputs } from './outputs.ts'
import { createPreparation } from './prepare.ts'
import type { Clock } from '../system/clock.ts'
import type { TeamStoreSettings } from './shared/open-team-store.ts'
import { createPins, type Pins } from './pins.ts'

/** Everything on disk: bytes, what is known of them, what is pinned, what is on its way. */
export interface Store {
  layout: Layout
  blobs: Blobs
  outputs: Outputs
  notes: VerifiedFiles
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
    options: Pick<LeaseOptions, 'signal' | 'onWait' | 'onStill'>,
  ): Promise<T>
  /** Keys by the ids of the tasks that belong to them, as all records say that can be read. */
  knownTasks(): Promise<ReadonlyMap<string, string>>
  /** Keys that were on their way when this run first asked: read once, since it is asked for each import. */
  begun(): Promise<ReadonlySet<string>>
}

/** Where a project keeps what it has. */
export interface StorePlaces {
  /** Absolute. */
  cacheDir: string
  /** Absolute; `false` for a project that pins nothing. */
  lockfile: string | false
  teamStore: TeamStoreSettings | undefined
}

/** Opens the store of a project. Nothing is written before there is something to store. */
export function openStore(places: StorePlaces, hasher: Hasher, clock: Clock): Store {
  const layout = createLayout(places.cacheDir)
  // What only this machine's environment names is no home for what everybody needs.
  const commits = places.teamStore?.writtenIn === 'config' ? 'nothing' : 'blobs'
  const prepare = createPreparation(layout, clock, commits)
  const keyOf = (request: CanonicalRequest) => fingerprint(request, hasher)
  const entries = createEntries(layout, { fingerprint: keyOf, prepare })
  const journal = createJournal(layout, prepare)
  const notes = createVerifiedFiles(layout, prepare, clock)
  const lockfile = places.lockfile
    ? openPins(places.lockfile, { layout, fingerprint: keyOf, clock })
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
      new Map([...(await journalTasks(journal)), ...(await entryTasks(entries, lockfile))]),
    begun: () => (begun ??= journal.keys().then((keys) => new Set(keys))),
  }
}

function openPins(
  file: string,
  { layout, ...rest }: { layout: Layout; fingerprint: LockfileOptions['fingerprint']; clock: Clock },
): Pins {
  return createPins(createLockfile({ file, lease: layout.lease('lockfile'), ...rest }))
}

type TaskOfKey = readonly [taskId: string, key: string]

async function entryTasks(entries: Entries, lockfile: Pins | undefined): Promise<TaskOfKey[]> {
  const stored = await readAll(await entries.keys(), entries.read)
  const pinned = lockfile ? [...(await lockfile.all()).values()] : []
  return [...stored, ...pinned].flatMap(({ key, task }) => (task ? [[task.id, key] as const] : []))
}

async function journalTasks(journal: Journal): Promise<TaskOfKey[]> {
  const records = await readAll(await journal.keys(), journal.read)
  return records.flatMap((record) =>
    [...record.forgottenTasks, ...tasksOf(record)].map((id) => [id, record.key] as const),
  )
}

/** What keeps one record from being read is a matter of its own key alone. */
const UNREADABLE_CODES: ReadonlySet<ErrorCode> = new Set([
  'MESHY_CACHE_CORRUPT',
  'MESHY_CACHE_UNREADABLE',
  'MESHY_CACHE_VERSION',
  'MESHY_JOURNAL_INVALID',
])

async function readAll<T>(
  keys: readonly string[],
  read: (key: string) => Promise<T | undefined>,
): Promise<T[]> {
  const readOne = async (key: string) => {
    try {
      return await read(key)
    } catch (error) {
      if (isMeshyError(error) && UNREADABLE_CODES.has(error.code)) return undefined
      throw error
    }
  }
  return (await Promise.all(keys.map(readOne))).filter((record) => record !== undefined)
}

function tasksOf(record: JournalRecord): string[] {
  if (record.state === 'accepted') return [record.taskId]
  return record.state === 'failed' && record.failure.taskId ? [record.failure.taskId] : []
}
