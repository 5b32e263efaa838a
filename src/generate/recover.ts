import { MeshyError } from '../system/errors.ts'
import { apiFailureOf } from '../service/http.ts'
import type { Task } from '../service/task.ts'
import { mayBeCutFrom } from '../request/payload.ts'
import type { Request } from '../request/request.ts'
import type { JournalRecord, StartedRecord } from '../store/journal-record.ts'
import type { Ports } from './ports.ts'
import { readKnownTasks } from '../store/found-records.ts'
import { adoptable, echoesKeys, listRecentTasks, type KnownTasks, type RecentTasks } from './recent-tasks.ts'
import { earliestNow, isPastRetention, isUnsent } from '../finding/record-state.ts'

/** The maximum difference between our times and those of the service. */
export const CLOCK_MARGIN_MS = 60_000
/** When to look at the account again for a task whose answer was lost, in milliseconds. */
const LOOK_AGAIN_MS = [0, 1_000, 3_000, 6_000, 10_000]

/**
 * Whether the service may still be creating the task of an interrupted submission, without showing it yet. Not after a
 * lost answer: that run has already looked for it, and waiting settles nothing.
 */
export function mayBeInTheMaking(ports: Ports, record: JournalRecord | undefined): boolean {
  if (record?.state !== 'started' || !record.sent || record.lost) return false
  return earliestNow(ports.clock) < Date.parse(record.sent.answerBy)
}

/** Whether the service, by its own clock, no longer keeps the outcome of a submission. */
export function isProvenGone(ports: Ports, record: JournalRecord | undefined): boolean {
  const isKnown = ports.account().client.serverNow() !== undefined
  return isKnown && isPastRetention(record, earliestNow(ports.clock))
}

/**
 * The ID of the task of a submission whose answer was lost.
 *
 * @throws {MeshyError} MESHY_SUBMIT_UNKNOWN with the candidates, if no task of the account carries the key
 */
export async function findLostTask(ports: Ports, request: Request, cause: unknown): Promise<string> {
  const { store, clock, signal } = ports
  const record = await store.journal.read(request.key)
  if (record?.state !== 'started') throw cause
  let candidates: Task[] = []
  for (const pause of LOOK_AGAIN_MS) {
    await clock.sleep(pause, signal)
    const recent = await lookFor(ports, request, record).catch((error: unknown) => {
      // Whatever prevents us from looking: what counts is that a payment may have been made.
      throw apiFailureOf(error) ? submissionUnknown(request, { candidates, cause }) : error
    })
    const task = adoptable(recent, request.key, record.forgottenTasks)
    if (task) return task.id
    candidates = candidatesFor(recent, record, await readKnownTasks(store))
  }
  throw submissionUnknown(request, { candidates, cause })
}

async function lookFor(
  { account, signal }: Ports,
  { canonical }: Request,
  record: StartedRecord,
): Promise<RecentTasks> {
  return listRecentTasks(account().client, [canonical.kind], {
    since: () => sentTime(record) - CLOCK_MARGIN_MS,
    signal,
  })
}

/** When a submission was last sent, or else started, in milliseconds. */
function sentTime({ sent, startedAt }: StartedRecord): number {
  return Date.parse(sent?.sentAt ?? startedAt)
}

/**
 * The tasks that may belong to an interrupted submission: none if nothing was sent; otherwise those since it was sent
 * that carry no key and are not known to belong to another request. If names are proven to be returned unchanged, and
 * the submission carried its own, only those whose name may be what is left of it. Likely ones come first.
 *
 * @param known tasks that belong to requests of this project
 */
export function candidatesFor(recent: RecentTasks, record: StartedRecord, known: KnownTasks): Task[] {
  const { sent, request } = record
  if (isUnsent(record)) return []
  const since = sentTime(record) - CLOCK_MARGIN_MS
  const unknown = recent.keyless.filter(
    (task) => task.kind === request.kind && (task.createdAt ?? since) >= since && !known.has(task.id),
  )
  const likely = unknown.filter((task) => isLikely(task, record))
  if (sent && sent.named && echoesKeys(recent, request.kind, known)) return likely.filter(({ name }) => name)
  return [...likely, ...unknown.filter((task) => !likely.includes(task))]
}

/** Whether a task has what may be left of the name of a submission. Someone else's task has a name of its own. */
export function isLikely({ name }: Task, record: Pick<StartedRecord, 'image' | 'key'>): boolean {
  return !name || mayBeCutFrom(name, record)
}

/** The error of a submission whose outcome cannot be determined. */
export function submissionUnknown(
  { key, imageName }: Request,
  { candidates, cause }: { candidates: readonly Task[]; cause?: unknown },
): MeshyError {
  const ids = candidates.map(({ id, status }) => `\n    ${id} (${status})`).join('')
  const tasks = ids
    ? `One of these tasks of the account may be the right one:${ids}`
    : 'No task of the account carries its key.'
  const adopt = candidates[0] ? `\`unplugin-meshy adopt ${candidates[0].id} ${key}\` adopts a task. ` : ''
  return new MeshyError('MESHY_SUBMIT_UNKNOWN', {
    message:
      `The answer to the paid request for \`${imageName}\` was lost, so it may have been charged; ` +
      `it is not sent again by itself. ${tasks}`,
    hint: `Run again later. If the task turns up, it is adopted. ${adopt}After \`unplugin-meshy forget ${key}\`, the next build pays again.`,
    details: { key, candidates: candidates.map(({ id }) => id) },
    cause,
  })
}

/**
 * The task of a request that someone else has submitted since the account was listed for its batch, for example another
 * machine with the same project. In a long queue that may be half an hour. Every call looks at the account again.
 */
export async function submittedMeanwhile(
  ports: Ports,
  { key, canonical }: Request,
  listedAt: number,
): Promise<Task | undefined> {
  const { signal, store } = ports
  const { client, taskList } = ports.account()
  const recent = await taskList.share(canonical.kind, listedAt - CLOCK_MARGIN_MS, (since) =>
    listRecentTasks(client, [canonical.kind], { since: () => since, signal }),
  )
  const record = await store.journal.read(key)
  return adoptable(recent, key, record?.forgottenTasks ?? [])
}
