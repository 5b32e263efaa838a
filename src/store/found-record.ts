import { type ErrorCode, isMeshyError, type MeshyError } from '../system/errors.ts'
import type { Journal } from './journal.ts'
import type { JournalRecord } from './journal-record.ts'

/** A record that is not one that this release can read: a model may be being paid for, and it cannot be told which. */
export interface UnreadableRecord {
  state: 'unreadable'
  key: string
  error: MeshyError
}

const UNREADABLE: ReadonlySet<ErrorCode> = new Set([
  'MESHY_JOURNAL_INVALID',
  'MESHY_CACHE_VERSION',
  'MESHY_CACHE_UNREADABLE',
])

/** The record of a key, for whoever can go on when it cannot be read. */
export async function findRecord(
  journal: Journal,
  key: string,
): Promise<JournalRecord | UnreadableRecord | undefined> {
  try {
    return await journal.read(key)
  } catch (error) {
    if (!isMeshyError(error) || !UNREADABLE.has(error.code)) throw error
    return { state: 'unreadable', key, error }
  }
}
