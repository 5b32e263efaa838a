import type { Client } from '../service/client.ts'
import type { Task } from '../service/task.ts'
import { keyInName } from '../request/payload.ts'
import type { TaskKind } from '../request/task-kinds.ts'

/** What the account's recent tasks say about requests of ours, whoever started them. */
export interface RecentTasks {
  /**
   * Tasks that carry a key in their name and cost something, oldest first; those that failed despite their cost come
   * last.
   */
  byKey: Map<string, Task[]>
  /** Tasks whose name carries no key, newest first: if the service does not return names, one of them may be ours. */
  keyless: Task[]
}

/** Requests of ours by the IDs of their tasks, according to the records of this machine. */
export type KnownTasks = ReadonlyMap<string, string>

/** Lists the tasks of the account since a time, newest first, all pages. Free. */
export async function listRecentTasks(
  client: Pick<Client, 'listAll'>,
  kinds: Iterable<TaskKind>,
  options: { since: () => number; signal: AbortSignal },
): Promise<RecentTasks> {
  const recent: RecentTasks = { byKey: new Map(), keyless: [] }
  for (const kind of kinds) {
    for await (const task of client.listAll(kind, { since: options.since }, { signal: options.signal })) {
      addTask(recent, task)
    }
  }
  for (const tasks of recent.byKey.values()) tasks.sort(byOrder)
  return recent
}

/** A listing that changes is read again, and then gives tasks that it left out at first. */
function byOrder(a: Task, b: Task): number {
  return Number(isOver(a)) - Number(isOver(b)) || timeOf(a) - timeOf(b) || 0
}

function timeOf({ createdAt = Infinity }: Task): number {
  return createdAt
}

function addTask(recent: RecentTasks, task: Task): void {
  const key = keyInName(task.name ?? '')
  if (!key) recent.keyless.push(task)
  else if (!isOver(task) || task.consumedCredits)
    recent.byKey.set(key, [task, ...(recent.byKey.get(key) ?? [])])
}

/** When the newest task was created. */
export function newestIn({ byKey, keyless }: RecentTasks): number | undefined {
  const times = [...byKey.values(), keyless].flat().flatMap(({ createdAt }) => createdAt ?? [])
  return times.length > 0 ? Math.max(...times) : undefined
}

/** Whether a task has ended without a model. */
function isOver({ status }: Task): boolean {
  return status === 'FAILED' || status === 'CANCELED'
}

/**
 * The task of a key: one that carries it in its name and was not forgotten here. The oldest, so that all machines
 * choose the same one. A task that failed and was charged counts if there is no other: another machine has paid for it.
 */
export function adoptable(recent: RecentTasks, key: string, forgotten: readonly string[]): Task | undefined {
  return recent.byKey.get(key)?.find((task) => !forgotten.includes(task.id))
}

/**
 * Whether the service returns names unchanged, so that a name without a key proves that a task is not ours. Only a task
 * that is known to be ours proves it: someone else's may have been named differently.
 */
export function echoesKeys({ byKey }: RecentTasks, kind: TaskKind, known: KnownTasks): boolean {
  return [...byKey].some(([key, tasks]) =>
    tasks.some((task) => task.kind === kind && known.get(task.id) === key),
  )
}

interface Turn {
  /** How far back the waiting caller wants to see. */
  since: number
  tasks: Promise<RecentTasks>
}

type List = (since: number) => Promise<RecentTasks>

/** Lists of the account's tasks that many submissions share: each sees everything that was created before it asked. */
export class TaskListCache {
  #current = new Map<TaskKind, Promise<RecentTasks>>()
  #next = new Map<TaskKind, Turn>()

  /** A listing that starts from now on: one that is in progress may have missed what was created a moment ago. */
  share(kind: TaskKind, since: number, list: List): Promise<RecentTasks> {
    const next = this.#next.get(kind)
    if (next) {
      next.since = Math.min(next.since, since)
      return next.tasks
    }
    const current = this.#current.get(kind)
    return current ? this.#follow(kind, { since, current, list }) : this.#begin(kind, list(since))
  }

  #follow(
    kind: TaskKind,
    { since, current, list }: { since: number; current: Promise<RecentTasks>; list: List },
  ): Promise<RecentTasks> {
    const begin = () => {
      this.#next.delete(kind)
      return this.#begin(kind, list(turn.since))
    }
    // Whatever the outcome of the previous one.
    const turn: Turn = { since, tasks: current.then(begin, begin) }
    this.#next.set(kind, turn)
    return turn.tasks
  }

  #begin(kind: TaskKind, tasks: Promise<RecentTasks>): Promise<RecentTasks> {
    this.#current.set(kind, tasks)
    const end = () => this.#current.get(kind) === tasks && this.#current.delete(kind)
    tasks.then(end, end)
    return tasks
  }
}
