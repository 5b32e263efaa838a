import { MeshyError, isMeshyError } from '../system/errors.ts'
import type { Lease } from '../store/lease.ts'
import type { Subject, Request } from '../request/request.ts'
import type { Ports } from './ports.ts'
import type { JournalStart } from '../store/journal-record.ts'
import type { Task } from '../service/task.ts'
import { earliestNow, RETENTION_MS } from '../finding/record-state.ts'
import type { Sending } from '../service/transport.ts'
import type { Reservation } from './budget.ts'

/** The consequence if nothing was sent yet. */
export const NOT_SUBMITTED = 'Nothing was submitted.'

/**
 * Called before a record is written or ended after a wait: it may belong to another machine or project by now.
 *
 * @throws {MeshyError} MESHY_ABORTED if this run hung for so long that another one took the request over
 */
export async function assertHeld(
  lease: Lease,
  { imageName }: Pick<Subject, 'imageName'>,
  consequence: string,
): Promise<void> {
  if (await lease.isHeld()) return
  throw new MeshyError('MESHY_ABORTED', {
    message: `Another machine or project took over \`${imageName}\` while this run hung. ${consequence}`,
    hint: 'Run again. The run finds what the other one has stored.',
  })
}

/** The journal record of a request before it is sent. */
export function recordOf(ports: Ports, request: Subject): JournalStart {
  const { digest: account } = ports.account()
  return {
    key: request.key,
    image: request.imageName,
    request: request.canonical,
    params: request.params,
    host: ports.options.baseUrl,
    account,
    startedAt: new Date(ports.clock.serviceNow()).toISOString(),
  }
}

/** When a task started at the service, as the journal records it: now, if the reported time is impossible. */
export function beginOf({ createdAt }: Task, now: number): string {
  const isPlausible = createdAt !== undefined && createdAt <= now && now - createdAt < RETENTION_MS
  return new Date(isPlausible ? createdAt : now).toISOString()
}

/** Durable before the first byte is sent: until the answer can no longer come, a later run looks for the task. */
export async function recordSending(
  ports: Ports,
  request: Request,
  { named, idleMs, lease }: Sending & { lease: Lease },
): Promise<void> {
  const { clock } = ports
  await assertHeld(lease, request, NOT_SUBMITTED)
  await ports.store.journal.send(request.key, {
    sentAt: new Date(earliestNow(clock)).toISOString(),
    answerBy: new Date(Math.max(clock.now(), clock.serviceNow()) + idleMs).toISOString(),
    named,
  })
}

/**
 * Without its ID in the journal, the next run finds a task by its name; if that fails, the user needs the ID. Whatever
 * others hold by now, what was paid for is recorded: only someone else who works on the same journal prevents that.
 */
export async function recordTask(
  { store, reporter }: Ports,
  request: Request,
  { id, lease }: { id: string; lease: Lease },
): Promise<void> {
  const { key, imageName } = request
  try {
    await assertHeld(lease.own ?? lease, request, 'The task of the other one is on its way.')
    await store.journal.accept(key, id)
  } catch (error) {
    const message = `Task ${id} for \`${imageName}\` is paid for, but its ID could not be recorded.`
    const way = `If the next build does not find the task, run \`unplugin-meshy adopt ${id} ${key}\`.`
    if (!isMeshyError(error)) {
      reporter.logger.error(`meshy: ${message} ${way}`)
      throw error
    }
    throw new MeshyError(error.code, {
      message: `${message} ${error.message}`,
      hint: `${error.hint} ${way}`,
      details: { ...error.details, taskId: id },
      cause: error,
    })
  }
}

/** A refused request is not a submission with an unknown outcome, whatever ends this run before it is sent again. */
export async function recordRefusal(
  { store }: Ports,
  { key }: Request,
  { lease, reservation }: { lease: Lease; reservation: Reservation },
): Promise<void> {
  reservation.refunded()
  if (!(await lease.isHeld())) return
  const record = await store.journal.read(key)
  if (record?.state === 'started' && record.sent) await store.journal.unsend(key)
}
