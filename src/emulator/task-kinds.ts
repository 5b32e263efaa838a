/** The two kinds of task, also their path. */
export const TASK_KINDS = ['image-to-3d', 'multi-image-to-3d'] as const
export type TaskKind = (typeof TASK_KINDS)[number]

/** Why a task failed, as the API tells it. */
export interface TaskFailure {
  message: string
  /** @default 'server_error' */
  type?: string
  /** @default the type */
  code?: string
  /** Whether it is charged all the same. @default false */
  charged?: boolean
}
