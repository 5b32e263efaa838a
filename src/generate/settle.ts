import { isMeshyError, MeshyError, type ApiFailure } from '../system/errors.ts'
import type { Lease } from '../store/lease.ts'
import type { Request } from '../request/request.ts'
import { chargeOf, settleCharge } from '../finding/record-state.ts'
import { isProvenGone } from './recover.ts'
import type { Reservation } from './budget.ts'
import type { Ports } from './ports.ts'

/** Statuses by which the service refuses the picture or the parameters: it would again. */
const ABOUT_REQUEST: ReadonlySet<number | undefined> = new Set([400, 413, 422])

/**
 * Ends the record of a submission that the service refused, which cost nothing. What it would refuse again as long as
 * nobody does something is kept: live runs do not repeat it by themselves. A build, which somebody starts, repeats what
 * is about the account, and not what is about the picture or its parameters.
 */
export async function settleRefusal(
  { store }: Ports,
  { key }: Request,
  { error, failure }: { error: MeshyError; failure: ApiFailure },
): Promise<void> {
  const { status = 0, limit } = failure
  const isLasting = status >= 400 && limit === undefined
  if (!isLasting) return store.journal.clear(key)
  const { code, message } = error
  await store.journal.fail(key, { code, message, retryable: !ABOUT_REQUEST.has(status) })
}

/** What comes after a failure: nothing, one more try where that is allowed, or a task in the place of one that is gone. */
type AfterFailure = 'end' | 'try again' | 'gone'

/**
 * Settles the failure of a task. Returns what the same request is worth in this run.
 *
 * @throws the failure, when nothing can be settled, or when the task was charged
 */
export async function settleFailure(
  ports: Ports,
  request: Request,
  { reservation, error, lease }: { reservation: Reservation | undefined; error: unknown; lease: Lease },
): Promise<AfterFailure> {
  if (!isMeshyError(error)) throw error
  if (error.code === 'MESHY_TASK_EXPIRED') return settleExpired(ports, request, { error, lease })
  if (error.code !== 'MESHY_TASK_FAILED' && error.code !== 'MESHY_TASK_CANCELED') throw error
  const { store } = ports
  const { code, message, details } = error
  const credits = chargedFor(error)
  if (credits === 0) reservation?.refunded()
  // The record of who took the lease over, while this machine hung, may be of another task.
  if (!(await lease.isHeld())) throw error
  if (credits > 0) {
    await store.journal.fail(request.key, { code, message, retryable: false, consumedCredits: credits })
    throw charged(request, error, credits)
  }
  const isWorthMore = details['retryable'] === true
  // Who canceled a task did so on purpose: the next run may submit it, this one does not.
  const retryable = isWorthMore || code === 'MESHY_TASK_CANCELED'
  await store.journal.fail(request.key, { code, message, retryable })
  return isWorthMore ? 'try again' : 'end'
}

/** What the service says that a failed task consumed all the same. */
function chargedFor({ details }: MeshyError): number {
  const credits = details['consumedCredits']
  return typeof credits === 'number' ? credits : 0
}

/** What failed and was charged is paid a second time only when somebody says so. */
function charged({ key, imageName }: Request, error: MeshyError, credits: number): MeshyError {
  return new MeshyError(error.code, {
    message: `\`${imageName}\`: ${error.message} ${chargeOf(credits)}`,
    hint: settleCharge({ key, taskId: String(error.details['taskId']) }),
    details: { ...error.details, key },
    cause: error,
  })
}

/** A 404 alone proves nothing: only when the service must have thrown the task away, its record ends. */
async function settleExpired(
  ports: Ports,
  request: Request,
  { error, lease }: { error: MeshyError; lease: Lease },
): Promise<'gone'> {
  const {
    store,
    reporter: { logger },
  } = ports
  const { key, imageName } = request
  const record = await store.journal.read(key)
  if (!(await lease.isHeld())) throw error
  if (!isProvenGone(ports, record)) throw taskUnknown(request, error)
  await store.journal.clear(key)
  logger.warn(`meshy: ${imageName}: the service no longer keeps its task, and the files are gone`)
  return 'gone'
}

function taskUnknown({ key, imageName }: Request, { message, details, cause }: MeshyError): MeshyError {
  return new MeshyError('MESHY_TASK_EXPIRED', {
    message: `\`${imageName}\` was paid for and is on its way. ${message} That alone does not prove that it is lost.`,
    hint:
      'Check that `baseUrl` and the key are the ones it was submitted with, and run again. ' +
      `After \`unplugin-meshy forget ${key}\`, the next build pays for a new model.`,
    details: { ...details, key },
    cause,
  })
}
