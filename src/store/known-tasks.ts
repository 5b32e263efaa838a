import { isMeshyError, type ErrorCode } from '../system/errors.ts'
import type { JournalRecord } from './journal-record.ts'
import type { Store } from './open-store.ts'

/** Keys by the ids of the tasks that belong to them, as all records say that can be read. */
export async function readKnownTasks(
  store: Pick<Store, 'journal' | 'entries' | 'lockfile'>,
): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await journalTasks(store)), ...(await entryTasks(store))])
}

type TaskOfKey = readonly [taskId: string, key: string]

async function entryTasks({ entries, lockfile }: Pick<Store, 'entries' | 'lockfile'>): Promise<TaskOfKey[]> {
  const stored = await readAll(await entries.keys(), entries.read)
  const pinned = lockfile ? [...(await lockfile.all()).values()] : []
  return [...stored, ...pinned].flatMap(({ key, task }) => (task ? [[task.id, key] as const] : []))
}

async function journalTasks({ journal }: Pick<Store, 'journal'>): Promise<TaskOfKey[]> {
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
