import type { TaskFailure } from './model-maker.ts'
import type { AssetNames, InputImage, ModelInput } from './model-maker.ts'
import type { TaskKind } from '../request/task-kinds.ts'

export type TaskStatus = 'PENDING' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED'

/** What is fixed when a task is created. */
export interface TaskPlan {
  kind: TaskKind
  /** Label that the client gave; echoed by later servers. */
  name: string | undefined
  texturePrompt: string
  textureImage: InputImage | undefined
  model: ModelInput
  /** Name of the model that makes it. */
  aiModel: string
  assets: AssetNames
  /** In credits. */
  price: number
  failure: TaskFailure | undefined
  /** Milliseconds of work. */
  workMs: number
  /** Milliseconds for which the task stays at 99 % besides. */
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

/** 0 to 100; a running task never says more than 99. */
export function progressOf(task: Task, now: number): number {
  if (task.status === 'SUCCEEDED') return 100
  if (task.startedAt === undefined) return 0
  const elapsed = (task.finishedAt ?? now) - task.startedAt
  return Math.min(99, Math.floor((elapsed / Math.max(1, task.workMs)) * 99))
}
