import { isMeshyError, MeshyError } from '../../errors.ts'
import type { Sending } from '../../meshy/transport.ts'
import { submit } from '../../queue/submit.ts'
import { createPayload, type Payload } from '../../request/payload.ts'
import { assertStillMade } from '../../request/retired.ts'
import type { Request } from '../../request/request.ts'
import type { JournalStart } from '../../store/journal-record.ts'
import type { Lease } from '../../store/lease.ts'
import { apiFailureOf } from '../../system/api-failure.ts'
import type { Context } from '../context.ts'
import { settleRefusal } from './failure.ts'
import { assertMine, NOT_SUBMITTED } from './assert-mine.ts'
import { findLostTask } from './lost-task.ts'
import { serviceTime } from './recent-tasks.ts'
import type { Subject } from './subject.ts'

export interface Payment {
  /** Reserved from the budget; given back when the service refuses. */
  credits: number
  /** Stops the other submissions of the batch when this one shows that none can succeed. */
  batch: AbortController
  lease: Lease
}

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
 * whose outcome is unknown is never repeated: its task is looked for in the account.
 */
export async function pay(context: Context, request: Request, payment: Payment): Promise<string> {
  const payload = await prepare(context, request, payment)
  const id = await post(context, request, { ...payload, payment })
  await recordTask(context, request, { id, lease: payment.lease })
  return id
}

/** Without its id in the journal, the next run finds a task by its name; where that fails, the user needs the id. */
async function recordTask(
  { store }: Context,
  request: Request,
  { id, lease }: { id: string; lease: Lease },
): Promise<void> {
  const { key, imageName } = request
  try {
    await assertMine(lease, request, 'What is on its way is the task of that one.')
    await store.journal.accept(key, id)
  } catch (error) {
    if (!isMeshyError(error)) throw error
    throw new MeshyError(error.code, {
      message: `Task ${id} for \`${imageName}\` is paid, and its id could not be recorded. ${error.message}`,
      hint: `${error.hint} If the next build does not find it: \`unplugin-meshy adopt ${id} ${key}\`.`,
      details: { ...error.details, taskId: id },
      cause: error,
    })
  }
}

/** Everything before the first byte is sent. What fails here has cost nothing. */
async function prepare(context: Context, request: Request, payment: Payment): Promise<Payload> {
  const { store, readImage, budget, signal } = context
  try {
    // A live run has to remember also what it did not send: it would submit it by itself after a restart.
    if (!context.live) payment.batch.signal.throwIfAborted()
    assertStillMade(request)
    const payload = await createPayload(request, {
      bytesOf: (image) => readImage.readBytes(image, signal),
    })
    await assertMine(payment.lease, request, NOT_SUBMITTED)
    await store.journal.start(recordOf(context, request))
    context.interrupt?.begin(request)
    return payload
  } catch (error) {
    budget.release(payment.credits)
    throw error
  }
}

/** What the journal says of a request before it is sent. */
export function recordOf(context: Context, request: Subject): JournalStart {
  const { account } = context.api()
  return {
    key: request.key,
    image: request.imageName,
    request: request.canonical,
    params: request.params,
    host: context.options.baseUrl,
    account,
    startedAt: new Date(serviceTime(context)).toISOString(),
  }
}

interface Submission extends Payload {
  payment: Payment
}

async function post(
  context: Context,
  request: Request,
  { kind, body, payment }: Submission,
): Promise<string> {
  const { clock, options, signal, progress } = context
  const { client, limits } = context.api()
  // What waits for its turn ends with the batch; what was sent does not, since its answer would be lost.
  const turn = AbortSignal.any([signal, payment.batch.signal])
  try {
    const beforeSend = (sending: Sending) => recordSending(context, request, { ...sending, payment })
    const created = await submit(() => client.create(kind, body, { signal, turn, beforeSend }), {
      limits,
      clock,
      timeoutMs: options.taskTimeout,
      signal: turn,
      onFull: () => progress.queueFull(request),
    })
    return created.id
  } catch (error) {
    return settleSubmission(context, request, { error, payment })
  }
}

/** Durable before the first byte is sent: until the answer may no longer come, a later run looks for the task. */
async function recordSending(
  context: Context,
  request: Request,
  { named, silenceMs, payment }: Sending & { payment: Payment },
): Promise<void> {
  const sentAt = serviceTime(context)
  try {
    await assertMine(payment.lease, request, NOT_SUBMITTED)
    await context.store.journal.send(request.key, {
      sentAt: new Date(sentAt).toISOString(),
      answerBy: new Date(sentAt + silenceMs).toISOString(),
      named,
    })
  } catch (error) {
    // It is kept back, and what was sent before was refused.
    context.budget.release(payment.credits)
    throw error
  }
}

/** Ends a submission that gave no id: withdraws what was refused, looks for what may have been accepted. */
async function settleSubmission(
  context: Context,
  request: Request,
  { error, payment }: { error: unknown; payment: Payment },
): Promise<string> {
  const { store, budget } = context
  const failure = apiFailureOf(error)
  if (!failure || !isMeshyError(error)) throw error
  if (failure.outcome === 'unknown') {
    // Whoever took the lease over looks for what was sent.
    if (!(await payment.lease.mine())) throw error
    await store.journal.lose(request.key)
    context.logger.warn(
      `meshy: ${request.imageName}: the answer to the submission was lost; looking for its task`,
    )
    return findLostTask(context, request, error)
  }
  budget.release(payment.credits)
  // What ended the batch was said of another request: this one was not sent.
  const isOwn = error !== payment.batch.signal.reason
  if (ENDS_BATCH.has(error.code)) payment.batch.abort(error)
  if (!(await payment.lease.mine())) throw error
  if (isOwn || context.live) await settleRefusal(context, request, { error, failure })
  else await store.journal.clear(request.key)
  throw error
}
