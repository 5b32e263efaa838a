import { isMeshyError, apiFailureOf } from '../system/errors.ts'
import type { Task } from '../service/task.ts'
import type { Sending } from '../service/transport.ts'
import { submit } from '../service/limits/retry.ts'
import { createPayload, type Payload } from '../request/payload.ts'
import { assertStillMade } from '../request/models.ts'
import type { Request } from '../request/request.ts'
import type { Lease } from '../store/lease.ts'
import type { Permission } from '../finding/permission.ts'
import type { Reservation } from './budget.ts'
import type { Ports } from './ports.ts'
import { settleRefusal } from './settle.ts'
import { assertHeld, NOT_SUBMITTED, recordTask, recordOf, recordRefusal, recordSending } from './record.ts'
import { findLostTask, submittedMeanwhile } from './recover.ts'

export interface Payment {
  permission: Permission
  /** Its owner releases it; here it only hears what the service may have charged. */
  reservation: Reservation
  /** Stops the other submissions of the batch when this one shows that none can succeed. */
  batch: AbortController
  lease: Lease
  /** When the account was looked at for the whole batch, by the clock of the service. */
  decidedAt: number
}

/** The task that was paid, or one that somebody else has submitted meanwhile. */
type Paid = { id: string } | { adopt: Task }

/** Answers that make every further submission of a batch pointless. */
const ENDS_BATCH: ReadonlySet<string> = new Set([
  'MESHY_AUTH_REJECTED',
  'MESHY_API_FORBIDDEN',
  'MESHY_CREDITS_EXHAUSTED',
])

/**
 * Submits a request, which is paid, and returns the id of its task.
 *
 * The journal's record is durable before the first byte is sent, and holds the id as soon as it is known. A submission
 * whose outcome is unknown is never repeated: its task is looked for in the account. Before each POST the account is
 * looked at once more: whatever was waited for, somebody else may have paid meanwhile.
 */
export async function pay(ports: Ports, request: Request, payment: Payment): Promise<Paid> {
  const payload = await prepare(ports, request, payment)
  const paid = await post(ports, request, { ...payload, payment })
  if ('id' in paid) await recordTask(ports, request, { id: paid.id, lease: payment.lease })
  return paid
}

/** Everything before the first byte is sent. What fails here has cost nothing. */
async function prepare(ports: Ports, request: Request, { batch, lease }: Payment): Promise<Payload> {
  const { store, signal } = ports
  // A live run has to remember also what it did not send: it would submit it by itself after a restart.
  if (!ports.models.isLive) batch.signal.throwIfAborted()
  assertStillMade(request)
  // What other imports of the key want is made by the same task.
  const united = { ...request, wanted: ports.models.wantedOf(request) }
  const payload = await createPayload(united, {
    bytesOf: (image) => store.images.readBytes(image, signal),
  })
  await assertHeld(lease, request, NOT_SUBMITTED)
  // What was cut off never arrived. The new one begins now, and is looked for from now on.
  if ((await store.journal.read(request.key))?.state === 'started') await store.journal.clear(request.key)
  await store.journal.start(recordOf(ports, request))
  ports.reporter.progress(request, 'on its way')
  return payload
}

interface Submission extends Payload {
  payment: Payment
}

async function post(ports: Ports, request: Request, submission: Submission): Promise<Paid> {
  const { clock, options, signal, reporter } = ports
  const { limits } = ports.account()
  const { payment } = submission
  // What waits for its turn ends with the batch; what was sent does not, since its answer would be lost.
  const turn = AbortSignal.any([signal, payment.batch.signal])
  try {
    return await submit(() => lookAndPost(ports, request, { ...submission, turn }), {
      limits,
      clock,
      timeoutMs: options.taskTimeout,
      signal: turn,
      onFull: () => reporter.progress(request, 'queue full'),
      isAccepted: (paid) => 'id' in paid,
    })
  } catch (error) {
    return { id: await settleSubmission(ports, request, { error, payment }) }
  }
}

/** Ends a submission that nobody needs any more. */
class PaidElsewhere extends Error {
  readonly task: Task

  constructor(task: Task) {
    super('Someone else has submitted it in the meantime.')
    this.task = task
  }
}

/** How long a request may wait for its turn after the look at the account, in milliseconds: more than even spacing takes. */
const TURN_MS = 5_000

/** Looks at the account, then submits. What is sent again, or waited long for its turn, is looked for again first. */
async function lookAndPost(
  ports: Ports,
  request: Request,
  { kind, body, payment, turn }: Submission & { turn: AbortSignal },
): Promise<Paid> {
  const { clock, signal } = ports
  const { reservation, permission, decidedAt, lease } = payment
  let isInFlight = false
  let lookedAt: number | undefined
  const look = async () => {
    const task = await submittedMeanwhile(ports, request, decidedAt)
    if (task) throw new PaidElsewhere(task)
    lookedAt = clock.now()
  }
  const beforeSend = async (sending: Sending) => {
    // It is sent again only where what was sent before was refused, or never arrived.
    isInFlight = false
    reservation.refunded()
    if (lookedAt === undefined || clock.now() - lookedAt > TURN_MS) await look()
    // What the others of the batch heard meanwhile.
    turn.throwIfAborted()
    lookedAt = undefined
    const recordedAt = clock.now()
    await recordSending(ports, request, { ...sending, lease })
    // The others of the team hear of it, by a store that may be slow.
    if (clock.now() - recordedAt > TURN_MS) {
      await look()
      lookedAt = undefined
      await recordSending(ports, request, { ...sending, lease })
    }
    isInFlight = true
    reservation.sent()
  }
  try {
    await look()
    const order = { key: request.key, kind, body }
    return await ports.account().submit(permission, order, { signal, turn, beforeSend })
  } catch (error) {
    // Every other refusal is final, and settled where the rest of the batch hears of it at once.
    if (!isInFlight || apiFailureOf(error)?.limit === 'queue') await recordRefusal(ports, request, payment)
    if (error instanceof PaidElsewhere) return { adopt: error.task }
    throw error
  }
}

/** Ends a submission that gave no id: withdraws what was refused, looks for what may have been accepted. */
async function settleSubmission(
  ports: Ports,
  request: Request,
  { error, payment }: { error: unknown; payment: Payment },
): Promise<string> {
  const { store } = ports
  const failure = apiFailureOf(error)
  // A look at the account that failed: nothing was sent after it.
  if (!failure || !isMeshyError(error) || failure.method !== 'POST') throw error
  if (failure.outcome === 'unknown') {
    // Whoever took the lease over looks for what was sent.
    if (!(await payment.lease.isHeld())) throw error
    await store.journal.lose(request.key)
    ports.reporter.logger.warn(
      `meshy: ${request.imageName}: the answer to the submission was lost; looking for its task`,
    )
    return findLostTask(ports, request, error)
  }
  payment.reservation.refunded()
  // What ended the batch was said of another request: this one was not sent.
  const isOwn = error !== payment.batch.signal.reason
  if (ENDS_BATCH.has(error.code)) payment.batch.abort(error)
  if (!(await payment.lease.isHeld())) throw error
  if (isOwn || ports.models.isLive) await settleRefusal(ports, request, { error, failure })
  else await store.journal.clear(request.key)
  throw error
}
