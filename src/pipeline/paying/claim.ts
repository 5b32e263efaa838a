import { isMeshyError, MeshyError } from '../../errors.ts'
import type { Request } from '../../request/request.ts'
import type { Task } from '../../meshy/task.ts'
import type { AcceptedRecord, JournalRecord, StartedRecord } from '../../store/journal-record.ts'
import type { Lease } from '../../store/lease.ts'
import type { Context } from '../context.ts'
import { failedBefore, isFinal } from './failure.ts'
import { assertMine, NOT_SUBMITTED } from './assert-mine.ts'
import { pay, recordOf, type Payment } from './pay.ts'
import { serviceTime, submittedMeanwhile } from './recent-tasks.ts'

/** A task at the service that will give the model of a request. */
export interface Claim {
  origin: 'generated' | 'adopted'
  /** Credits that this run reserved for it. */
  credits: number
  /** Runs `watch` with the id of the task, inside the account's limit of tasks where this run submits it. */
  running<T>(watch: (taskId: string) => Promise<T>): Promise<T>
}

/**
 * A claim on a task of the journal, on one of the account, or on a new one, whose submission is paid.
 *
 * @param run.known the journal's record when it was decided to generate: a failure in it may be tried again
 */
export async function claimTask(
  context: Context,
  request: Request,
  { lease, known }: { lease: Lease; known: JournalRecord | undefined },
): Promise<Claim> {
  const record = await context.store.journal.read(request.key)
  if (record) await assertOurs(context, record, lease)
  if (record?.state === 'accepted') return adopt(record.taskId)
  if (isFinal(record) && !isFinal(known)) throw failedBefore(record)
  context.progress.waiting(request)
  const admission = await context.batch.admit({ request, record })
  if ('adopt' in admission) {
    await takeOver(context, request, { task: admission.adopt, lease })
    return adopt(admission.adopt.id)
  }
  // It never arrived. The new one begins now, and is looked for from now on.
  if (record?.state === 'started') await withdraw(context, request, { lease, credits: admission.credits })
  return submission(context, request, { ...admission, lease })
}

async function withdraw(
  { store, budget }: Context,
  request: Request,
  { lease, credits }: { lease: Lease; credits: number },
): Promise<void> {
  try {
    await assertMine(lease, request, NOT_SUBMITTED)
    await store.journal.clear(request.key)
  } catch (error) {
    budget.release(credits)
    throw error
  }
}

/** A claim whose task is submitted when there is a slot, unless somebody else has submitted it meanwhile. */
function submission(context: Context, request: Request, payment: Payment): Claim {
  const { limits } = context.api()
  const decidedAt = serviceTime(context)
  const claim: Claim = {
    origin: 'generated',
    credits: payment.credits,
    running: (watch) =>
      limits.slot(
        async () => {
          const release = () => context.budget.release(payment.credits)
          const task = await submittedMeanwhile(context, request, decidedAt).catch((error: unknown) => {
            release()
            throw error
          })
          if (!task) return watch(await pay(context, request, payment))
          release()
          Object.assign(claim, { origin: 'adopted', credits: 0 })
          await takeOver(context, request, { task, lease: payment.lease })
          return watch(task.id)
        },
        { signal: context.signal },
      ),
  }
  return claim
}

async function takeOver(
  context: Context,
  request: Request,
  { task, lease }: { task: Task; lease: Lease },
): Promise<void> {
  await assertMine(lease, request, NOT_SUBMITTED)
  const { journal } = context.store
  await journal.start(recordOf(context, request))
  await journal.accept(request.key, task.id)
}

function adopt(taskId: string): Claim {
  return { origin: 'adopted', credits: 0, running: (watch) => watch(taskId) }
}

/**
 * A record made with another API key or for another service. A task that this key can read is ours all the same, as
 * after the key of an account was renewed; what cannot be looked up may be running, and is an error.
 */
async function assertOurs(context: Context, record: JournalRecord, lease: Lease): Promise<void> {
  if (record.state !== 'started' && record.state !== 'accepted') return
  const here = { account: context.api().account, host: context.options.baseUrl }
  if (record.account === here.account && record.host === here.host) return
  if (record.state === 'accepted' && (await canRead(context, record))) {
    await assertMine(lease, { imageName: record.image }, NOT_SUBMITTED)
    await context.store.journal.accept(record.key, record.taskId, here)
    return
  }
  throw otherAccount(record, here.host)
}

async function canRead({ api, signal }: Context, { request, taskId }: AcceptedRecord): Promise<boolean> {
  try {
    await api().client.retrieve(request.kind, taskId, { signal })
    return true
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_API_NOT_FOUND') return false
    throw error
  }
}

function otherAccount(record: StartedRecord | AcceptedRecord, expected: string): MeshyError {
  const { key, image, host } = record
  const task = record.state === 'accepted' ? `, task ${record.taskId}` : ''
  return new MeshyError('MESHY_JOURNAL_OTHER_ACCOUNT', {
    message:
      `\`${image}\` is on its way with another API key or service (${host}${task}); ` +
      `expected ${expected} and the key of now.`,
    hint:
      `Run once with that key to fetch it, \`unplugin-meshy adopt <task id> ${key}\` if a task of this account is it, ` +
      `or \`unplugin-meshy forget ${key}\` to pay again with this one.`,
    details: { key, host },
  })
}
