import { isMeshyError, MeshyError, type ErrorCode } from '../../errors.ts'
import type { FailedRecord, JournalFailure, JournalRecord } from '../../store/journal-record.ts'
import { accountDigest } from '../../store/journal.ts'
import type { Lease } from '../../store/lease.ts'
import type { Request } from '../../request/request.ts'
import type { ApiFailure } from '../../system/api-failure.ts'
import { failures } from '../../system/failures.ts'
import { isPastRetention } from './lost-task.ts'
import type { Claim } from './claim.ts'
import type { Context } from '../context.ts'

/** Statuses by which the service refuses the picture or the parameters: it would again. */
const ABOUT_REQUEST: ReadonlySet<number | undefined> = new Set([400, 413, 422])

/** Whether a record says that the service refused or refunded the request, and would again. */
export function isFinal(record: JournalRecord | undefined): record is FailedRecord {
  return record?.state === 'failed' && record.failure.retryable !== true
}

/** Whether what failed may be all right with the key of now, which is another one: who changed it wants it to be tried. */
export function isOfOtherKey({ options }: Context, { account, failure }: FailedRecord): boolean {
  return (
    failure.retryable === true && options.apiKey !== undefined && account !== accountDigest(options.apiKey)
  )
}

/** The error of a request that failed in an earlier run, or beside this one. */
export function failedBefore({ key, image, failure }: FailedRecord): MeshyError {
  const retryable = failure.retryable === true
  const again = `Change the image or the directives, or \`unplugin-meshy forget ${key}\` to try once more.`
  return new MeshyError(codeOf(failure), {
    message: `\`${image}\` failed before: ${failure.message} It is not submitted again by itself.`,
    hint: retryable ? nextStep(failure) : again,
    details: { key, taskId: failure.taskId, retryable },
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

/**
 * Ends the record of a submission that the service refused, which cost nothing. What it would refuse again as long as
 * nobody does something is kept: live runs do not repeat it by themselves. A build, which somebody starts, repeats what
 * is about the account, and not what is about the picture or its parameters.
 */
export async function settleRefusal(
  { store }: Context,
  { key }: Request,
  { error, failure }: { error: MeshyError; failure: ApiFailure },
): Promise<void> {
  const { status = 0, limit } = failure
  const isLasting = status >= 400 && limit === undefined
  if (!isLasting) return store.journal.clear(key)
  const { code, message } = error
  await store.journal.fail(key, { code, message, retryable: !ABOUT_REQUEST.has(status) })
}

/**
 * Settles the failure of a task. Returns whether the same request is worth a submission in this run.
 *
 * @throws the failure, when nothing can be settled
 */
export async function settleFailure(
  context: Context,
  request: Request,
  { claim, error, lease }: { claim: Claim; error: unknown; lease: Lease },
): Promise<boolean> {
  if (!isMeshyError(error)) throw error
  if (error.code === 'MESHY_TASK_EXPIRED') return settleExpired(context, request, { error, lease })
  if (error.code !== 'MESHY_TASK_FAILED' && error.code !== 'MESHY_TASK_CANCELED') throw error
  const { store, budget } = context
  const { code, message, details } = error
  const isWorthMore = details['retryable'] === true
  budget.release(claim.credits)
  // The record of who took the lease over, while this machine hung, may be of another task.
  if (!(await lease.mine())) throw error
  // Who canceled a task did so on purpose: the next run may submit it, this one does not.
  const retryable = isWorthMore || code === 'MESHY_TASK_CANCELED'
  await store.journal.fail(request.key, { code, message, retryable })
  return isWorthMore
}

/** A 404 alone proves nothing: only when the service must have thrown the task away, its record ends. */
async function settleExpired(
  context: Context,
  request: Request,
  { error, lease }: { error: MeshyError; lease: Lease },
): Promise<true> {
  const { store, logger } = context
  const { key, imageName } = request
  const record = await store.journal.read(key)
  if (!(await lease.mine())) throw error
  if (!isPastRetention(context, record)) throw taskUnknown(request, error)
  await store.journal.clear(key)
  logger.warn(`meshy: ${imageName}: its task is past the retention of the service, and its files are gone`)
  return true
}

function taskUnknown({ key, imageName }: Request, { message, details, cause }: MeshyError): MeshyError {
  return new MeshyError('MESHY_TASK_EXPIRED', {
    message: `\`${imageName}\` was paid and is on its way. ${message} That alone does not prove that it is lost.`,
    hint:
      'Check that `baseUrl` and the key are those it was submitted with, and run again; ' +
      `\`unplugin-meshy forget ${key}\` lets the next build pay for a new one.`,
    details: { ...details, key },
    cause,
  })
}
