import { isMeshyError, MeshyError } from '../system/errors.ts'
import type { ApiFailure } from '../service/http.ts'
import type { Lease } from '../store/lease.ts'
import type { Request } from '../request/request.ts'
import { chargeOf, settleCharge } from '../finding/record-state.ts'
import { isProvenGone } from './recover.ts'
import type { Reservation } from './budget.ts'
import type { Ports } from './ports.ts'

/** Statuses with which the service refuses the image or the parameters: it would do so again. */
const ABOUT_REQUEST: ReadonlySet<number | undefined> = new Set([400, 413, 422])

/**
 * Ends the record of a submission that the service refused, which cost nothing. Refusals that would recur until
 * somebody acts are kept: live runs do not repeat them by themselves. A build, which somebody starts, repeats refusals
 * about the account, but not those about the image or its parameters.
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

/** What follows a failure: nothing, one more try if that is allowed, or a new task in place of one that is gone. */
type AfterFailure = 'end' | 'try again' | 'gone'

/**
 * Settles the failure of a task. Returns what this run may still do for the same request.
 *
 * @throws the failure, if nothing can be settled, or if the task was charged
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
  else reservation?.charged(credits)
  // If another machine took the lease over while this one hung, the record may belong to another task.
  if (!(await lease.isHeld())) throw error
  if (credits > 0) {
    await store.journal.fail(request.key, { code, message, retryable: false, consumedCredits: credits })
    throw charged(request, error, credits)
  }
  const isWorthMore = details['retryable'] === true
  // Whoever canceled a task did so on purpose: the next run may submit it, this one does not.
  const retryable = isWorthMore || code === 'MESHY_TASK_CANCELED'
  await store.journal.fail(request.key, { code, message, retryable })
  return isWorthMore ? 'try again' : 'end'
}

/** What a failed task consumed according to the service. */
function chargedFor({ details }: MeshyError): number {
  const credits = details['consumedCredits']
  return typeof credits === 'number' ? credits : 0
}

/** A failure that was charged is paid for a second time only if somebody says so. */
function charged({ key, imageName }: Request, error: MeshyError, credits: number): MeshyError {
  return new MeshyError(error.code, {
    message: `\`${imageName}\`: ${error.message} ${chargeOf(credits)}`,
    hint: settleCharge({ key, taskId: String(error.details['taskId']) }),
    details: { ...error.details, key },
    cause: error,
  })
}

/** A 404 alone proves nothing: the record ends only when the service must have discarded the task. */
async function settleExpired(
  ports: Ports,
  request: Request,
  { error, lease }: { error: MeshyError; lease: Lease },
): Promise<'gone'> {
  const { store, reporter } = ports
  const { key, imageName } = request
  const record = await store.journal.read(key)
  if (!(await lease.isHeld())) throw error
  if (!isProvenGone(ports, record)) throw taskUnknown(request, error)
  await store.journal.clear(key)
  reporter.logger.warn(`meshy: ${imageName}: the service no longer keeps its task, and the files are gone`)
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
