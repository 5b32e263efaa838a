import { hasCode, type ErrorCode, type MeshyError } from '../system/errors.ts'
import { ifIntact } from './disk-errors.ts'
import type { Journal } from './journal.ts'
import { tasksOf, type JournalRecord } from './journal-record.ts'
import type { Store } from './open-store.ts'

/** A record that this release cannot read: a model may be being paid for, but it is unknown which one. */
export interface UnreadableRecord {
  state: 'unreadable'
  key: string
  error: MeshyError
}

/** Reasons that affect only a single record, and thus only its own key. */
const UNREADABLE: readonly ErrorCode[] = [
  'MESHY_CACHE_CORRUPT',
  'MESHY_CACHE_UNREADABLE',
  'MESHY_CACHE_VERSION',
  'MESHY_JOURNAL_INVALID',
]

/** The record of a key, for callers that can continue if it cannot be read. */
export async function findRecord(
  journal: Journal,
  key: string,
): Promise<JournalRecord | UnreadableRecord | undefined> {
  try {
    return await journal.read(key)
  } catch (error) {
    if (!hasCode(error, ...UNREADABLE)) throw error
    return { state: 'unreadable', key, error }
  }
}

/** Keys by the IDs of the tasks that belong to them, according to all readable records. */
export async function readKnownTasks({
  journal,
  entries,
  lockfile,
}: Pick<Store, 'journal' | 'entries' | 'lockfile'>): Promise<ReadonlyMap<string, string>> {
  const records = await readAll(journal)
  const ofRecords = records.flatMap((record) =>
    [...record.forgottenTasks, ...tasksOf(record)].map((id) => [id, record.key] as const),
  )
  const stored = await readAll(entries)
  const pinned = lockfile ? [...(await lockfile.all()).values()] : []
  const ofEntries = [...stored, ...pinned].flatMap(({ key, task }) => (task ? [[task.id, key] as const] : []))
  return new Map([...ofRecords, ...ofEntries])
}

/**
 * All records of a kind.
 *
 * @param absent what may be wrong with a record that counts as none
 */
export async function readAll<T>(
  { keys, read }: { keys(): Promise<readonly string[]>; read(key: string): Promise<T | undefined> },
  absent: readonly ErrorCode[] = UNREADABLE,
): Promise<T[]> {
  const found = await Promise.all((await keys()).map((key) => ifIntact(() => read(key), absent)))
  return found.filter((record) => record !== undefined)
}
