import type { Client } from '../../meshy/client.ts'
import type { Task } from '../../meshy/task.ts'
import { keyInName } from '../../request/payload.ts'
import type { Request, TaskKind } from '../../request/request.ts'
import type { Context } from '../context.ts'

/** How long the service keeps the files of a task: 3 days (docs.meshy.ai, asset retention). */
export const RETENTION_MS = 3 * 24 * 60 * 60_000
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
