import type { Entry } from '../store/entry.ts'
import type { UnreadableRecord } from '../store/found-records.ts'
import type {
  AcceptedRecord,
  JournalRecord,
  StartedRecord,
  FailedRecord,
  JournalFailure,
} from '../store/journal-record.ts'
import { MeshyError, type ErrorCode } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { accountDigest } from '../store/journal.ts'
import type { FindingPorts, ServiceClock } from './ports.ts'

/** How long the service keeps the files of a task: 3 days (docs.meshy.ai, asset retention). */
export const RETENTION_MS = 3 * 24 * 60 * 60_000
/** How much longer we wait before we consider a task gone, because we count from our own start. */
const MARGIN_MS = 60 * 60_000
/** A whole day more if something is discarded by the clock of this machine, which is not the one that counts. */
const LONG_MARGIN_MS = 24 * 60 * 60_000

/** A record of something that may already be paid for. */
export type RecordOnItsWay = StartedRecord | AcceptedRecord

/**
 * Whether a record refers to a task that may still be kept, or to a submission whose answer may still come. A
 * submission that was never sent does not count, nor does one of which the service no longer keeps anything.
 *
 * @param now at the service, at the earliest
 */
export function isOnItsWay(record: JournalRecord | undefined, now: number): record is RecordOnItsWay {
  if (record?.state !== 'started' && record?.state !== 'accepted') return false
  return !isUnsent(record) && !isPastRetention(record, now)
}

/** Whether a record was written but nothing was sent after it: then nothing was paid. */
export function isUnsent(record: JournalRecord): boolean {
  return record.state === 'started' && !record.sent && !record.lost
}

/** Whether the service no longer keeps anything of what was started. */
export function isPastRetention(record: JournalRecord | undefined, now: number): boolean {
  return hasLasted(record, now, RETENTION_MS + MARGIN_MS)
}

/** The same, for code that only has the clock of this machine and discards the records. */
export function isLongOver(record: JournalRecord, now: number): boolean {
  return hasLasted(record, now, RETENTION_MS + LONG_MARGIN_MS)
}

function hasLasted(record: JournalRecord | undefined, now: number, ms: number): boolean {
  if (record === undefined || record.state === 'forgotten') return false
  const sent = record.state === 'started' ? record.sent : undefined
  const begunAt = Math.max(Date.parse(record.startedAt), Date.parse(sent?.answerBy ?? record.startedAt))
  return now - begunAt > ms
}

/**
 * The earliest that it can be at the service. Its answers may pass through a proxy whose clock is wrong, and so may be
 * the clock here: what may have been paid for is over once both say so.
 */
export function earliestNow(clock: ServiceClock): number {
  return Math.min(clock.now(), clock.serviceNow())
}

/**
 * A record of another task stays: that one was paid for as well, and nobody has its model. So does a submission that
 * may have become a task, as long as that could be adopted.
 */
export function isSettled(record: JournalRecord | UnreadableRecord, entry: Entry, now: number): boolean {
  if (record.state === 'accepted') return record.taskId === entry.task?.id
  return record.state === 'started' && (isUnsent(record) || isLongOver(record, now))
}

/** Whether a record says that the service refused or refunded the request, and would do so again. */
export function isFinal(record: JournalRecord | undefined): record is FailedRecord {
  return record?.state === 'failed' && record.failure.retryable !== true
}

/**
 * Whether something that failed may succeed with the current key, which is a different one: whoever changed the key
 * wants it to be tried.
 */
export function isOfOtherKey(
  { options }: Pick<FindingPorts, 'options'>,
  { account, failure }: FailedRecord,
): boolean {
  return (
    failure.retryable === true && options.apiKey !== undefined && account !== accountDigest(options.apiKey)
  )
}

/** The error of a request that failed in an earlier run, or in parallel with this one. */
export function failedBefore({ key, image, failure }: FailedRecord): MeshyError {
  const retryable = failure.retryable === true
  const { taskId, consumedCredits = 0 } = failure
  if (consumedCredits > 0) {
    return new MeshyError(codeOf(failure), {
      message: `\`${image}\` failed before: ${failure.message} ${chargeOf(consumedCredits)}`,
      hint: settleCharge({ key, taskId }),
      details: { key, taskId, consumedCredits, retryable },
    })
  }
  const again = `Change the image or the directives. To try again unchanged, run \`unplugin-meshy forget ${key}\`.`
  return new MeshyError(codeOf(failure), {
    message: `\`${image}\` failed before: ${failure.message} It is not submitted again by itself.`,
    hint: retryable ? nextStep(failure) : again,
    details: { key, taskId, retryable },
  })
}

/** A refusal has its own code; a failure of a task may have any code, and is reported as one. */
function codeOf({ code, taskId }: JournalFailure): ErrorCode {
  const isOwn = taskId === undefined && Object.hasOwn(failures, code)
  return isOwn ? (code as ErrorCode) : 'MESHY_TASK_FAILED'
}

function nextStep(failure: JournalFailure): string {
  const first = failure.taskId === undefined ? `${failures[codeOf(failure)].next} ` : ''
  return `${first}A build submits it again; a dev server does so after you approve.`
}

/** What a failure cost, if it cost something. */
export function chargeOf(credits: number): string {
  return `The service charged ${credits} credits for it, so it is not submitted again by itself.`
}

/** What to do about a failure that was charged. */
export function settleCharge({ key, taskId }: { key: string; taskId: string | undefined }): string {
  return (
    `Ask Meshy to refund task ${taskId}. After \`unplugin-meshy forget ${key}\`, the next build pays for a new task; ` +
    'change the image first if that was the cause.'
  )
}
