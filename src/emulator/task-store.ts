import type { TaskFailure, AssetNames, InputImage, ModelInput } from './model-maker.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { randomBytes } from 'node:crypto'
import { ApiError } from './wire.ts'

type TaskStatus = 'PENDING' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED'

/** What is fixed when a task is created. */
export interface TaskPlan {
  kind: TaskKind
  /** Label that the client gave; echoed by later servers. */
  name: string | undefined
  texturePrompt: string
  textureImage: InputImage | undefined
  model: ModelInput
  /** Name of the model that processes it. */
  aiModel: string
  assets: AssetNames
  /** In credits. */
  price: number
  failure: TaskFailure | undefined
  /** Milliseconds of work. */
  workMs: number
  /** Milliseconds for which the task additionally stays at 99 %. */
  stallMs: number
}

/** A task on the server. All times in milliseconds since 1970. */
export interface Task extends TaskPlan {
  id: string
  status: TaskStatus
  createdAt: number
  /** When it leaves the queue at the earliest. */
  readyAt: number
  expiresAt: number
  startedAt: number | undefined
  finishedAt: number | undefined
  /** Deleted while it ran: it is gone for the client, keeps its slot until it is done, and is billed. */
  deleted: boolean
}

export function isTerminal(status: TaskStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED'
}

/** 0 to 100; a running task never reports more than 99. */
export function progressOf(task: Task, now: number): number {
  if (task.status === 'SUCCEEDED') return 100
  if (task.startedAt === undefined) return 0
  const elapsed = (task.finishedAt ?? now) - task.startedAt
  return Math.min(99, Math.floor((elapsed / Math.max(1, task.workMs)) * 99))
}

interface TaskStoreOptions {
  now: () => number
  account: Account
  /** Tasks that may wait or run at the same time; one more is refused. */
  slots: number
  /** Tasks that run at the same time; the others wait. */
  workers: number
  /** Minimum time in milliseconds that a task waits. */
  pendingMs: number
  /** Milliseconds for which a task is kept. */
  retentionMs: number
}

/**
 * All tasks and their life cycle.
 *
 * There are no timers: anyone who looks at the tasks first processes everything that is due by now, in order.
 */
export class TaskStore {
  readonly #tasks = new Map<string, Task>()
  readonly #options: TaskStoreOptions
  /** Time of the last event: a worker that became free then cannot have started earlier. */
  #reached = -Infinity
  #created = 0

  constructor(options: TaskStoreOptions) {
    this.#options = options
  }

  /** How many tasks were ever accepted. */
  get created(): number {
    return this.#created
  }

  /** Accepts a task, and charges its price. Throws 402 without credits, 429 without a free slot. */
  create(plan: TaskPlan): Task {
    this.#settle()
    const { account, slots, pendingMs, retentionMs } = this.#options
    const open = [...this.#tasks.values()].filter(({ status }) => !isTerminal(status))
    if (open.length >= slots) throw new ApiError(429, 'NoMoreConcurrentTasks')
    account.charge(plan.price)
    const createdAt = this.#options.now()
    const task: Task = {
      ...plan,
      id: sortableId(createdAt),
      status: 'PENDING',
      createdAt,
      readyAt: createdAt + pendingMs,
      expiresAt: createdAt + retentionMs,
      startedAt: undefined,
      finishedAt: undefined,
      deleted: false,
    }
    this.#tasks.set(task.id, task)
    this.#created += 1
    this.#settle()
    return task
  }

  /** A task that a client can see. */
  find(kind: TaskKind, id: string): Task | undefined {
    this.#settle()
    const task = this.#tasks.get(id)
    return task?.kind === kind && !task.deleted ? task : undefined
  }

  /** The tasks that a client can see, oldest first. */
  list(): Task[] {
    this.#settle()
    return [...this.#tasks.values()].filter(({ deleted }) => !deleted)
  }

  /** How many tasks wait before this one. */
  precedingTasks(task: Task): number {
    if (task.status !== 'PENDING') return 0
    const waiting = [...this.#tasks.values()].filter(({ status }) => status === 'PENDING')
    return waiting.indexOf(task)
  }

  /** A waiting task is refunded; a running one cannot be stopped and is billed. */
  remove(task: Task): void {
    if (task.status === 'IN_PROGRESS') {
      task.deleted = true
      return
    }
    if (task.status === 'PENDING') this.#options.account.refund(task.price)
    this.#tasks.delete(task.id)
  }

  #settle(): void {
    const now = this.#options.now()
    for (let event = this.#next(); event && event.at <= now; event = this.#next()) {
      this.#reached = event.at
      event.happen()
    }
    for (const task of this.#tasks.values()) {
      if (task.expiresAt <= now && isTerminal(task.status)) this.#tasks.delete(task.id)
    }
  }

  /** The next event of any task. */
  #next(): { at: number; happen: () => void } | undefined {
    const running = [...this.#tasks.values()].filter(({ status }) => status === 'IN_PROGRESS')
    const [first] = running.toSorted((a, b) => endOf(a) - endOf(b))
    const waiting = [...this.#tasks.values()].find(({ status }) => status === 'PENDING')
    const free = running.length < this.#options.workers
    const startAt = waiting && free ? Math.max(waiting.readyAt, this.#reached) : Infinity
    if (waiting && startAt < Infinity && !(first && endOf(first) < startAt)) {
      return { at: startAt, happen: () => start(waiting, startAt) }
    }
    return first && { at: endOf(first), happen: () => this.#finish(first) }
  }

  #finish(task: Task): void {
    task.finishedAt = endOf(task)
    task.status = task.failure ? 'FAILED' : 'SUCCEEDED'
    if (task.failure && !task.failure.charged) this.#options.account.refund(task.price)
    if (task.deleted) this.#tasks.delete(task.id)
  }
}

function start(task: Task, at: number): void {
  task.status = 'IN_PROGRESS'
  task.startedAt = at
}

function endOf(task: Task): number {
  return (task.startedAt ?? Infinity) + task.workMs + task.stallMs
}

/** A version 7 UUID, which sorts by time like the IDs of the service. */
function sortableId(now: number): string {
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const random = randomBytes(10).toString('hex')
  const parts = [time.slice(0, 8), time.slice(8), `7${random.slice(1, 4)}`, `a${random.slice(5, 8)}`]
  return [...parts, random.slice(8, 20)].join('-')
}

/** The credits of the only account. */
export class Account {
  #balance: number

  constructor(credits: number) {
    this.#balance = credits
  }

  get balance(): number {
    return this.#balance
  }

  /** Charges the price of a task. Throws 402 if there is not enough. */
  charge(credits: number): void {
    if (credits > this.#balance) throw new ApiError(402, 'Insufficient credits')
    this.#balance -= credits
  }

  /** Refunds the price of a task: it failed, or was deleted before it started. */
  refund(credits: number): void {
    this.#balance += credits
  }
}
