import type { Client } from '../service/client.ts'
import type { Task } from '../service/task.ts'
import { keyInName } from '../request/payload.ts'
import type { TaskKind } from '../request/task-kinds.ts'

/** What the account's recent tasks tell about requests of ours, whoever started them. */
export interface RecentTasks {
  /** Tasks that carry a key in their name and cost something, oldest first; those that failed all the same come last. */
  byKey: Map<string, Task[]>
  /** Tasks whose name carries no key, newest first: where the service does not give names back, one may be ours. */
  keyless: Task[]
}

/** Requests of ours by the ids of their tasks, as the records of this machine say. */
export type KnownTasks = ReadonlyMap<string, string>

/** One odd time must not hide what comes after it; the list is sorted, so that many in a row are no accident. */
const OLD_IN_A_ROW = 20

/**
 * Lists the tasks of the account, newest first, all pages. Free.
 *
 * @param options.since asked for after the first answer, when the clock of the service is known
 */
export async function listRecentTasks(
  client: Pick<Client, 'listAll'>,
  kinds: Iterable<TaskKind>,
  options: { since: () => number; signal: AbortSignal },
): Promise<RecentTasks> {
  const recent: RecentTasks = { byKey: new Map(), keyless: [] }
  for (const kind of kinds) {
    let old = 0
    for await (const task of client.listAll(kind, {}, { signal: options.signal })) {
      old = task.createdAt !== undefined && task.createdAt < options.since() ? old + 1 : 0
      if (old >= OLD_IN_A_ROW) break
      if (old === 0) addTask(recent, task)
    }
  }
  for (const tasks of recent.byKey.values()) tasks.sort((a, b) => Number(isOver(a)) - Number(isOver(b)))
  return recent
}

function addTask(recent: RecentTasks, task: Task): void {
  const key = keyInName(task.name ?? '')
  if (!key) recent.keyless.push(task)
  else if (!isOver(task) || task.consumedCredits)
    recent.byKey.set(key, [task, ...(recent.byKey.get(key) ?? [])])
}

/** Whether a task has come to an end without a model. */
function isOver({ status }: Task): boolean {
  return status === 'FAILED' || status === 'CANCELED'
}

/**
 * The task of a key: one that carries it in its name and was not forgotten here. The oldest, so that all machines
 * choose the same. One that failed and was charged counts where there is no other: another machine has paid for it.
 */
export function adoptable(recent: RecentTasks, key: string, forgotten: readonly string[]): Task | undefined {
  return recent.byKey.get(key)?.find((task) => !forgotten.includes(task.id))
}

/**
 * Whether the service gives names back whole, so that a name without a key proves that a task is not ours. Only a task
 * proves it that is known to be ours: somebody else's may have been named in another way.
 */
export function echoesKeys({ byKey }: RecentTasks, kind: TaskKind, known: KnownTasks): boolean {
  return [...byKey].some(([key, tasks]) =>
    tasks.some((task) => task.kind === kind && known.get(task.id) === key),
  )
}

interface Turn {
  /** How far back whoever waits for it wants to see. */
  since: number
  tasks: Promise<RecentTasks>
}

type List = (since: number) => Promise<RecentTasks>

/** Looks at the account that many submissions share: each sees all that was made before anybody asked for it. */
export class TaskListCache {
  #current = new Map<TaskKind, Promise<RecentTasks>>()
  #next = new Map<TaskKind, Turn>()

  /** A look that begins from now on: one that is under way may have missed what was made a moment ago. */
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
    // Whatever became of the one before.
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
