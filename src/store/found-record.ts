import { isMeshyError, type MeshyError } from '../system/errors.ts'
import type { Journal } from './journal.ts'
import type { JournalRecord } from './journal-record.ts'

/** A record that is not one that we wrote: a model may be being paid for, and it cannot be told which. */
export interface UnreadableRecord {
  state: 'unreadable'
  key: string
  error: MeshyError
}

/** The record of a key, for whoever can go on when it cannot be read. */
export async function findRecord(
  journal: Journal,
  key: string,
): Promise<JournalRecord | UnreadableRecord | undefined> {
  try {
    return await journal.read(key)
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_JOURNAL_INVALID') throw error
    return { state: 'unreadable', key, error }
  }
}
