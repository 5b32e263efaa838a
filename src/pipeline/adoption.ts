import { MeshyError } from '../errors.ts'
import type { Client } from '../meshy/client.ts'
import type { Task } from '../meshy/task.ts'
import { keyInName } from '../request/payload.ts'
import type { Request, TaskKind } from '../request/request.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { apiFailureOf } from '../system/api-failure.ts'
import type { Context } from './context.ts'

/** How long the service keeps the files of a task: 3 days (docs.meshy.ai, asset retention). */
export const RETENTION_MS = 3 * 24 * 60 * 60_000
/** How much longer than that we wait before we take a task for gone: it is counted from our own start. */
const RETENTION_MARGIN_MS = 60 * 60_000
/** How far the clock of this machine may be off from that of the service, where only ours is known. */
const CLOCK_SKEW_MS = 10 * 60_000

/** What the account's recent tasks tell about requests of ours, whoever started them. */
export interface RecentTasks {
  /** Tasks that carry a key in their name and have not failed, oldest first. */
  byKey: Map<string, Task[]>
  /** Tasks without a name, newest first: where the service echoes none, one of them may be ours. */
  nameless: Task[]
  /** Whether the service echoes names, so that a missing name proves that a task is not ours. */
  echoesNames: boolean
}

/**
 * Lists the tasks of the account, newest first, all pages. Free.
 *
 * @param options.since asked for after the first answer, when the clock of the service is known
 */
export async function listRecentTasks(
  client: Client,
  kinds: Iterable<TaskKind>,
  options: { since: () => number; signal: AbortSignal },
): Promise<RecentTasks> {
  const recent: RecentTasks = { byKey: new Map(), nameless: [], echoesNames: false }
  for (const kind of kinds) {
    for await (const task of client.listAll(kind, {}, { signal: options.signal })) {
      if (task.createdAt !== undefined && task.createdAt < options.since()) break
      addTask(recent, task)
    }
  }
  return recent
}

function addTask(recent: RecentTasks, task: Task): void {
  if (!task.name) {
    recent.nameless.push(task)
    return
  }
  recent.echoesNames = true
  const key = keyInName(task.name)
  if (!key || task.status === 'FAILED' || task.status === 'CANCELED') return
  recent.byKey.set(key, [task, ...(recent.byKey.get(key) ?? [])])
}

/**
 * The task of a key: one that carries it in its name and was not forgotten here. The oldest, so that all machines
 * choose the same.
 */
export function adoptable(recent: RecentTasks, key: string, forgotten: readonly string[]): Task | undefined {
  return recent.byKey.get(key)?.find((task) => !forgotten.includes(task.id))
}

/** When the account is looked at again for a task that may still be in the making, in milliseconds. */
export const LOOK_AGAIN_MS = [0, 1_000, 3_000, 6_000, 10_000]
const IN_THE_MAKING_MS = LOOK_AGAIN_MS.reduce((sum, pause) => sum + pause)

/** Whether a submission that was cut off is so recent that the service may have it and not show its task yet. */
export function mayBeInTheMaking(context: Context, record: JournalRecord | undefined): boolean {
  if (record?.state !== 'started') return false
  return serviceTime(context) - Date.parse(record.startedAt) < IN_THE_MAKING_MS
}

/** The time at the service, as far as it is known; milliseconds since 1970. */
export function serviceTime({ api, clock }: Context): number {
  return api().client.serverNow() ?? clock.now()
}

/** How old a look at the account may be when something is paid. */
const FRESH_MS = 10_000

interface Look {
  /** By the clock of the service. */
  at: number
  since: number
  tasks: Promise<RecentTasks>
}

/** Looks at the account that many submissions share: each lists all that were made since, and takes a request. */
export class Looks {
  #latest = new Map<TaskKind, Look>()

  /** The look that is fresh and reaches back far enough, or a new one. A failed one is not kept. */
  share(kind: TaskKind, { at, since }: Omit<Look, 'tasks'>, list: () => Promise<RecentTasks>) {
    const latest = this.#latest.get(kind)
    if (latest && at - latest.at < FRESH_MS && latest.since <= since) return latest.tasks
    const look = { at, since, tasks: list() }
    this.#latest.set(kind, look)
    look.tasks.catch(() => this.#latest.get(kind) === look && this.#latest.delete(kind))
    return look.tasks
  }
}
/** How far apart our times and those of the service may be. */
const MEANWHILE_MARGIN_MS = 60_000

/**
 * The task of a request that somebody else has submitted since its batch was decided: another machine with the same
 * project, for one. In a long queue that may be half an hour.
 */
export async function submittedMeanwhile(
  context: Context,
  { key, canonical }: Request,
  decidedAt: number,
): Promise<Task | undefined> {
  const at = serviceTime(context)
  if (at - decidedAt < FRESH_MS) return undefined
  const { signal, store } = context
  const { client, looks } = context.api()
  const since = decidedAt - MEANWHILE_MARGIN_MS
  const recent = await looks.share(canonical.kind, { at, since }, () =>
    listRecentTasks(client, [canonical.kind], { since: () => since, signal }),
  )
  const record = await store.journal.read(key)
  return adoptable(recent, key, record?.forgottenTasks ?? [])
}

/** Whether the service, by its own clock, no longer keeps what became of a submission. */
export function isPastRetention(context: Context, record: JournalRecord | undefined): boolean {
  const start = startOf(record)
  const now = context.api().client.serverNow()
  if (start === undefined || now === undefined) return false
  return now - start > RETENTION_MS + RETENTION_MARGIN_MS
}

/**
 * The id of the task of a submission whose answer was lost.
 *
 * @throws {MeshyError} MESHY_SUBMIT_UNKNOWN with the candidates, when no task of the account carries the key
 */
export async function findLostTask(context: Context, request: Request, cause: unknown): Promise<string> {
  const { client } = context.api()
  const { clock, store, signal } = context
  const { kind } = request.canonical
  const record = await store.journal.read(request.key)
  const since = startOf(record) ?? clock.now()
  let candidates: Task[] = []
  for (const pause of LOOK_AGAIN_MS) {
    await clock.sleep(pause, signal)
    const recent = await listRecentTasks(client, [kind], {
      since: () => since - CLOCK_SKEW_MS,
      signal,
    }).catch((error: unknown) => {
      // Whatever keeps us from looking: what counts is that a payment may have been made.
      throw apiFailureOf(error) ? submissionUnknown(request, { candidates, cause }) : error
    })
    const task = adoptable(recent, request.key, record?.forgottenTasks ?? [])
    if (task) return task.id
    candidates = candidatesFor(recent, {
      kind,
      since: since - CLOCK_SKEW_MS,
      known: await store.knownTasks(),
    })
  }
  throw submissionUnknown(request, { candidates, cause })
}

/** When a submission began, in milliseconds; undefined for a record that says of none. */
export function startOf(record: JournalRecord | undefined): number | undefined {
  return record && record.state !== 'forgotten' ? Date.parse(record.startedAt) : undefined
}

/**
 * The tasks that may be a lost submission: those without a name since it began, where the service echoes none.
 *
 * @param known tasks that belong to other keys of this project
 */
export function candidatesFor(
  recent: RecentTasks,
  submission: { kind: TaskKind; since: number; known: ReadonlySet<string> },
): Task[] {
  if (recent.echoesNames) return []
  const { kind, since, known } = submission
  return recent.nameless.filter(
    (task) => task.kind === kind && (task.createdAt ?? since) >= since && !known.has(task.id),
  )
}

/** The error of a submission whose outcome cannot be found out. */
export function submissionUnknown(
  { key, imageName }: Request,
  { candidates, cause }: { candidates: readonly Task[]; cause?: unknown },
): MeshyError {
  const ids = candidates.map(({ id, status }) => `\n    ${id} (${status})`).join('')
  const tasks = ids
    ? `One of these tasks of the account may be it:${ids}`
    : 'No task of the account carries its key.'
  const adopt = candidates[0] ? `\`unplugin-meshy adopt ${candidates[0].id} ${key}\` takes a task over; ` : ''
  return new MeshyError('MESHY_SUBMIT_UNKNOWN', {
    message:
      `The answer to the paid request for \`${imageName}\` was lost, so it may have been charged; ` +
      `it is not sent again by itself. ${tasks}`,
    hint: `${adopt}\`unplugin-meshy forget ${key}\` lets the next build pay again.`,
    details: { key, candidates: candidates.map(({ id }) => id) },
    cause,
  })
}
