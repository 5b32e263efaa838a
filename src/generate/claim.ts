import { hasCode, MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { Task } from '../service/task.ts'
import type { AcceptedRecord, FailedRecord, JournalRecord } from '../store/journal-record.ts'
import type { Lease } from '../store/lease.ts'
import type { Ports } from './ports.ts'
import {
  earliestNow,
  failedBefore,
  isFinal,
  isOnItsWay,
  type RecordOnItsWay,
} from '../finding/record-state.ts'
import { assertHeld, beginOf, NOT_SUBMITTED, recordOf } from './record.ts'
import type { Admission, Candidate } from './batch.ts'
import { pay, type Payment } from './submit.ts'
import { lacksPermission, type Permission } from '../finding/permission.ts'
import { adoptable, listRecentTasks } from './recent-tasks.ts'
import type { Reservation } from './budget.ts'
import type { OnItsWay } from '../store/shared/on-its-way.ts'

/**
 * Claims a task from the journal, a task of the account, or a new one, whose submission is paid for.
 *
 * @throws {MeshyError} MESHY_PERMISSION_MISSING if there is no task, and the attempt may not pay
 */
export async function claimTask(
  ports: Ports,
  request: Request,
  { lease, known, permission }: Attempt,
): Promise<Claim> {
  const found = await ports.store.journal.read(request.key)
  const record = found && (await assertOurs(ports, found, lease))
  if (record?.state === 'accepted') return adopt(record.taskId)
  // Whoever wants it to be tried again knows of one failure, not of a later one.
  if (isFinal(record) && !isSameAttempt(known, record)) throw failedBefore(record)
  ports.reporter.progress(request, 'waiting')
  const admission = await admit(ports, request, { record, permission, lease })
  if (!('adopt' in admission)) return submission(ports, request, { ...admission, lease })
  await takeOver(ports, request, { task: admission.adopt, lease })
  return adopt(admission.adopt.id)
}

/** Each start is counted, and what was forgotten in between began at another time. */
function isSameAttempt(known: JournalRecord | undefined, { startedAt, attempts }: FailedRecord): boolean {
  return isFinal(known) && known.attempts === attempts && known.startedAt === startedAt
}

/**
 * A record that was never sent, or provably never arrived, is settled if nothing new is allowed: the journal says so.
 */
async function admit(
  ports: Ports,
  request: Request,
  { lease, ...candidate }: Omit<Candidate, 'request'> & { lease: Lease },
): Promise<Admission> {
  try {
    return await ports.purse.batch.admit({ request, ...candidate })
  } catch (error) {
    if (lacksPermission(error) && candidate.record?.state === 'started') {
      await assertHeld(lease, request, NOT_SUBMITTED)
      await ports.store.journal.clear(request.key)
    }
    throw error
  }
}

/** A claim whose task is submitted once there is a slot, unless someone else has submitted it in the meantime. */
function submission(ports: Ports, request: Request, payment: Payment): Claim {
  const { limits } = ports.account()
  const { reservation, lease } = payment
  const getTask = async (): Promise<string> => {
    const paid = await pay(ports, request, payment)
    // From here on it holds only what is charged.
    reservation.release()
    if ('id' in paid) return paid.id
    claim.origin = 'adopted'
    await takeOver(ports, request, { task: paid.adopt, lease })
    return paid.adopt.id
  }
  const claim: Claim = {
    origin: 'generated',
    reservation,
    running: (watch) =>
      limits
        .slot(async () => watch(await getTask()), { signal: ports.signal })
        .finally(() => reservation.release()),
  }
  return claim
}

async function takeOver(
  ports: Ports,
  request: Request,
  { task, lease }: { task: Task; lease: Lease },
): Promise<void> {
  await assertHeld(lease, request, NOT_SUBMITTED)
  const { journal } = ports.store
  await journal.start(recordOf(ports, request))
  // Its retention counts from its own start, not from the start of what this machine sent.
  await journal.accept(request.key, task.id, { startedAt: beginOf(task, ports.clock.serviceNow()) })
}

function adopt(taskId: string): Claim {
  return { origin: 'adopted', running: (watch) => watch(taskId) }
}

/**
 * A record made with another API key or for another service. A task that this key can read is ours anyway, for example
 * after the key of an account was renewed. A task that cannot be looked up may be running, and is an error.
 */
async function assertOurs(ports: Ports, record: JournalRecord, lease: Lease): Promise<JournalRecord> {
  if (!isOnItsWay(record, earliestNow(ports.clock))) return record
  const here = { account: ports.account().digest, host: ports.options.baseUrl }
  if (record.account === here.account && record.host === here.host) return record
  const taskId = await readableTask(ports, record)
  if (taskId === undefined) throw otherAccount(record, here.host)
  await assertHeld(lease, { imageName: record.image }, NOT_SUBMITTED)
  return ports.store.journal.accept(record.key, taskId, here)
}

/** The task of a record, if this key can see it: by its ID, or by its name. */
async function readableTask(ports: Ports, record: RecordOnItsWay): Promise<string | undefined> {
  if (record.state === 'accepted') return (await canRead(ports, record)) ? record.taskId : undefined
  const { client } = ports.account()
  const since = () => Date.parse(record.startedAt) - CLOCKS_APART_MS
  const recent = await listRecentTasks(client, [record.request.kind], { since, signal: ports.signal })
  return adoptable(recent, record.key, record.forgottenTasks)?.id
}

/** The maximum difference between the clock of the sender and that of the service. */
const CLOCKS_APART_MS = 10 * 60_000

async function canRead({ account, signal }: Ports, { request, taskId }: AcceptedRecord): Promise<boolean> {
  try {
    await account().client.retrieve(request.kind, taskId, { signal })
    return true
  } catch (error) {
    if (hasCode(error, 'MESHY_API_NOT_FOUND')) return false
    throw error
  }
}

function otherAccount(record: RecordOnItsWay, expected: string): MeshyError {
  const { key, image, host } = record
  const isKnown = record.state === 'accepted'
  const task = isKnown ? `, task ${record.taskId}` : ''
  // A known task does not belong to this account: that has been tried.
  const adopt = isKnown
    ? ''
    : `run \`unplugin-meshy adopt <task id> ${key}\` if a task of this account is the right one, `
  return new MeshyError('MESHY_JOURNAL_OTHER_ACCOUNT', {
    message:
      `\`${image}\` is on its way under another API key or service (${host}${task}); ` +
      `expected ${expected} and the current key.`,
    hint:
      `Run once with that key${isKnown ? ' to fetch it' : ''}, ${adopt}` +
      `or run \`unplugin-meshy forget ${key}\` to pay again with this key.`,
    details: { key, host },
  })
}

/** What a request is claimed with. */
export interface Attempt {
  lease: Lease
  /** The journal record at the time of the decision to generate: that failure may be retried, but no later one. */
  known: JournalRecord | undefined
  /** Without one, only an existing task can be claimed. */
  permission: Permission | undefined
  /** What others have sent while we had a task of our own: it counts once our task has come to nothing. */
  told?: readonly OnItsWay[]
}

/** A task at the service that will give the model of a request. */
export interface Claim {
  origin: 'generated' | 'adopted'
  /** What this run holds for a task of its own: a later refund is returned to it. */
  reservation?: Reservation | undefined
  /** Runs `watch` with the ID of the task; within the account's task limit if this run submits it. */
  running<T>(watch: (taskId: string) => Promise<T>): Promise<T>
}
