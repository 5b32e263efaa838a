import type { JournalRecord } from '../../store/journal-record.ts'

/** The service keeps tasks for 3 days; a fourth, since the clock here is not the one that counts. */
const LONG_OVER_MS = 4 * 24 * 60 * 60_000

/** Whether, by the clock of this machine, the service keeps nothing more of what was begun. */
export function isLongOver(record: JournalRecord, now: number): boolean {
  return record.state !== 'forgotten' && now - Date.parse(record.startedAt) > LONG_OVER_MS
}
