import type { Entry } from '../store/entry.ts'
import type { UnreadableRecord } from '../store/found-record.ts'
import type { AcceptedRecord, JournalRecord, StartedRecord } from '../store/journal-record.ts'

/** How long the service keeps the files of a task: 3 days (docs.meshy.ai, asset retention). */
export const RETENTION_MS = 3 * 24 * 60 * 60_000
/** How much longer than that we wait before we take a task for gone: it is counted from our own start. */
const MARGIN_MS = 60 * 60_000
/** A whole day more where something is thrown away by the clock of this machine, which is not the one that counts. */
const LONG_MARGIN_MS = 24 * 60 * 60_000

/** A record of what may be paid already. */
export type RecordOnItsWay = StartedRecord | AcceptedRecord

/**
 * Whether a record tells of a task that may still be kept, or of a submission whose answer may still come. One that was
 * never sent does not, nor one of which the service keeps nothing more.
 *
 * @param now at the service, as far as that is known
 */
export function isOnItsWay(record: JournalRecord | undefined, now: number): record is RecordOnItsWay {
  if (record?.state !== 'started' && record?.state !== 'accepted') return false
  return !isUnsent(record) && !isPastRetention(record, now)
}

/** Whether a record was written and nothing was sent after it: then nothing was paid. */
export function isUnsent(record: JournalRecord): boolean {
  return record.state === 'started' && !record.sent && !record.lost
}

/** Whether the service keeps nothing more of what was begun. */
export function isPastRetention(record: JournalRecord | undefined, now: number): boolean {
  return hasLasted(record, now, RETENTION_MS + MARGIN_MS)
}

/** The same, for whoever can only ask the clock of this machine and throws away what tells of it. */
export function isLongOver(record: JournalRecord, now: number): boolean {
  return hasLasted(record, now, RETENTION_MS + LONG_MARGIN_MS)
}

function hasLasted(record: JournalRecord | undefined, now: number, ms: number): boolean {
  return record !== undefined && record.state !== 'forgotten' && now - Date.parse(record.startedAt) > ms
}

/**
 * A record of another task stays: that one was paid as well, and nobody has its model. So does a submission that may
 * have become a task, as long as that could be taken over.
 */
export function isSettled(record: JournalRecord | UnreadableRecord, entry: Entry, now: number): boolean {
  if (record.state === 'accepted') return record.taskId === entry.task?.id
  return record.state === 'started' && (isUnsent(record) || isLongOver(record, now))
}
