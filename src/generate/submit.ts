import { ageFromNow } from '../system/clock.ts'
import { isMeshyError } from '../system/errors.ts'
import { apiFailureOf } from '../service/http.ts'
import type { Task } from '../service/task.ts'
import type { Sending } from '../service/transport.ts'
import { createPayload, type Payload } from '../request/payload.ts'
import { priceOf } from '../request/price.ts'
import { assertStillMade } from '../request/models.ts'
import type { Request } from '../request/request.ts'
import type { Lease } from '../store/lease.ts'
import { importRemoved, isImportRemoved, type Permission } from '../finding/permission.ts'
import type { Reservation } from './budget.ts'
import type { Ports } from './ports.ts'
import { settleRefusal } from './settle.ts'
import { assertHeld, NOT_SUBMITTED, recordTask, recordOf, recordRefusal, recordSending } from './record.ts'
import { findLostTask, submittedMeanwhile } from './recover.ts'

export interface Payment {
  permission: Permission
  /** Its owner releases it; this code only records what the service may have charged. */
  reservation: Reservation
  /** Stops the other submissions of the batch if this one shows that none can succeed. */
  batch: AbortController
  lease: Lease
  /** What the list of the account lacked was created later, by the clock of the service. */
  listedAt: number
}

/** The task that was paid for, or one that someone else has submitted in the meantime. */
type Paid = { id: string } | { adopt: Task }

/** Answers that make all further submissions of a batch pointless. */
const ENDS_BATCH: ReadonlySet<string> = new Set([
  'MESHY_AUTH_REJECTED',
  'MESHY_API_FORBIDDEN',
  'MESHY_CREDITS_EXHAUSTED',
])

/**
 * Submits a request, which is paid for, and returns the ID of its task.
 *
 * The journal record is durable before the first byte is sent, and holds the ID as soon as it is known. A submission
 * with an unknown outcome is never repeated: its task is looked for in the account. Before each POST, the account is
 * listed once more: during any wait, someone else may have paid.
 */
export async function pay(ports: Ports, request: Request, payment: Payment): Promise<Paid> {
  const payload = await prepare(ports, request, payment)
  const paid = await post(ports, request, { ...payload, payment })
  if ('id' in paid) await recordTask(ports, request, { id: paid.id, lease: payment.lease })
  return paid
}

/** Everything before the first byte is sent. A failure here has cost nothing. */
async function prepare(ports: Ports, request: Request, { batch, lease }: Payment): Promise<Payload> {
  const { store, signal } = ports
  // A live run must also remember what it did not send: otherwise it would submit it by itself after a restart.
  if (!ports.models.isLive) batch.signal.throwIfAborted()
  assertStillMade(request)
  // The same task produces what other imports of the key want.
  const united = { ...request, wanted: ports.models.wantedOf(request) }
  const payload = await createPayload(united, {
    bytesOf: (image) => store.images.readBytes(image, signal),
  })
  await assertHeld(lease, request, NOT_SUBMITTED)
  // The interrupted submission never arrived. The new one starts now, and is looked for from now on.
  if ((await store.journal.read(request.key))?.state === 'started') await store.journal.clear(request.key)
  await store.journal.start(recordOf(ports, request))
  ports.reporter.progress(request, 'on its way')
  return payload
}

interface Submission extends Payload {
  payment: Payment
}

async function post(ports: Ports, request: Request, submission: Submission): Promise<Paid> {
  const { options, signal, reporter } = ports
  const { payment } = submission
  // A request that waits for its turn ends with the batch; one that was sent does not, because its answer would be
  // lost.
  const turn = AbortSignal.any([signal, payment.batch.signal])
  try {
    return await ports.account().limits.submit(() => lookAndPost(ports, request, { ...submission, turn }), {
      timeoutMs: options.taskTimeout,
      signal: turn,
      onFull: () => reporter.progress(request, 'queue full'),
      isAccepted: (paid) => 'id' in paid,
    })
  } catch (error) {
    return { id: await settleSubmission(ports, request, { error, payment }) }
  }
}

/** Ends a submission that is no longer needed. */
class PaidElsewhere extends Error {
  readonly task: Task

  constructor(task: Task) {
    super('Someone else has submitted it in the meantime.')
    this.task = task
  }
}

/**
 * How long a request may wait for its turn after the account was listed, in milliseconds: more than even spacing takes.
 */
const TURN_MS = 5_000
/** How often the account is looked at for one submission if each look takes longer than that. */
const MAX_LOOKS = 2

/**
 * Lists the account, then submits. A request that is sent again, or that waited long for its turn, is looked for again
 * first. Whether it is still due is asked right before it is sent, each time.
 */
async function lookAndPost(
  ports: Ports,
  request: Request,
  { kind, body, payment, turn }: Submission & { turn: AbortSignal },
): Promise<Paid> {
  const { clock, signal } = ports
  const { reservation, permission, listedAt, lease } = payment
  let isInFlight = false
  let ageOfLook: (() => number) | undefined
  const look = async () => {
    // What is submitted while it goes on, however long that takes, may be missing from it.
    const age = ageFromNow(clock)
    const task = await submittedMeanwhile(ports, request, listedAt)
    if (task) throw new PaidElsewhere(task)
    ageOfLook = age
  }
  const isOutdated = () => ageOfLook === undefined || ageOfLook() > TURN_MS
  const assertDue = async () => {
    if (!(await ports.models.isWanted(request))) throw importRemoved(request)
    const price = { image: request.imageName, credits: priceOf(request) }
    ports.purse.budget.assertLeft(price, ports.options.maxCredits)
    // What the others of the batch have learned in the meantime.
    turn.throwIfAborted()
    ageOfLook = undefined
  }
  const beforeSend = async (sending: Sending) => {
    // It is sent again only if the previous one was refused, or never arrived.
    isInFlight = false
    reservation.refunded()
    for (let looks = 0; isOutdated() && looks < MAX_LOOKS; looks += 1) await look()
    await assertDue()
    const sinceTold = ageFromNow(clock)
    await recordSending(ports, request, { ...sending, lease })
    // The team learns about it through a store that may be slow.
    if (sinceTold() > TURN_MS) {
      await look()
      await assertDue()
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
    // Every other refusal is final, and is settled here, where the rest of the batch learns about it at once.
    if (!isInFlight || apiFailureOf(error)?.limit === 'queue') await recordRefusal(ports, request, payment)
    if (error instanceof PaidElsewhere) return { adopt: error.task }
    throw error
  }
}

/** Ends a submission that gave no ID: withdraws what was refused, looks for what may have been accepted. */
async function settleSubmission(
  ports: Ports,
  request: Request,
  { error, payment }: { error: unknown; payment: Payment },
): Promise<string> {
  const { store } = ports
  const failure = apiFailureOf(error)
  // Nothing that a later run would have to know about.
  if (isImportRemoved(error) && (await payment.lease.isHeld())) await store.journal.clear(request.key)
  // Listing the account failed: nothing was sent after that.
  if (!failure || !isMeshyError(error) || failure.method !== 'POST') throw error
  if (failure.outcome === 'unknown') {
    // Whoever took the lease over looks for what was sent.
    if (!(await payment.lease.isHeld())) throw error
    await store.journal.lose(request.key)
    ports.reporter.logger.warn(
      `meshy: ${request.imageName}: the answer to the submission was lost; looking for its task`,
    )
    payment.reservation.keep()
    return findLostTask(ports, request, error)
  }
  payment.reservation.refunded()
  // What ended the batch was about another request: this one was not sent.
  const isOwn = error !== payment.batch.signal.reason
  if (ENDS_BATCH.has(error.code)) payment.batch.abort(error)
  if (!(await payment.lease.isHeld())) throw error
  if (isOwn || ports.models.isLive) await settleRefusal(ports, request, { error, failure })
  else await store.journal.clear(request.key)
  throw error
}
