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
