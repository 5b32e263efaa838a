import { MeshyError, type ErrorCode } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import type { FailedRecord, JournalFailure, JournalRecord } from '../store/journal-record.ts'
import { accountDigest } from '../store/journal.ts'
import type { FindingPorts } from './ports.ts'

/** Whether a record says that the service refused or refunded the request, and would again. */
export function isFinal(record: JournalRecord | undefined): record is FailedRecord {
  return record?.state === 'failed' && record.failure.retryable !== true
}

/** Whether what failed may be all right with the key of now, which is another one: who changed it wants it to be tried. */
export function isOfOtherKey(
  { options }: Pick<FindingPorts, 'options'>,
  { account, failure }: FailedRecord,
): boolean {
  return (
    failure.retryable === true && options.apiKey !== undefined && account !== accountDigest(options.apiKey)
  )
}

/** The error of a request that failed in an earlier run, or beside this one. */
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
  const again = `Change the image or the directives, or \`unplugin-meshy forget ${key}\` to try once more.`
  return new MeshyError(codeOf(failure), {
    message: `\`${image}\` failed before: ${failure.message} It is not submitted again by itself.`,
    hint: retryable ? nextStep(failure) : again,
    details: { key, taskId, retryable },
  })
}

/** Of a refusal its own code; a failure of a task may have any code, and is told as one. */
function codeOf({ code, taskId }: JournalFailure): ErrorCode {
  const isOwn = taskId === undefined && Object.hasOwn(failures, code)
  return isOwn ? (code as ErrorCode) : 'MESHY_TASK_FAILED'
}

function nextStep(failure: JournalFailure): string {
  const first = failure.taskId === undefined ? `${failures[codeOf(failure)].next} ` : ''
  return `${first}A build submits it again; a dev server does when you say so.`
}

/** What a failure cost, where it cost something. */
export function chargeOf(credits: number): string {
  return `The service charged ${credits} credits for it, so it is not submitted again by itself.`
}

/** What to do about a failure that was charged. */
export function settleCharge({ key, taskId }: { key: string; taskId: string | undefined }): string {
  return (
    `Ask Meshy to refund task ${taskId}; \`unplugin-meshy forget ${key}\` lets the next build pay for a new one, ` +
    'after a change of the image if that was the cause.'
  )
}
