import { MeshyError } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { createRedactor } from '../system/redact.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import type { Task } from './task.ts'

/** Which task an error is about. */
export interface TaskName {
  kind: TaskKind
  id: string
}

/** Why a failed task failed, in the details of `MESHY_TASK_FAILED`. */
export interface TaskFailure {
  kind: TaskKind
  taskId: string
  type: string | undefined
  code: string | undefined
  /** What the service says that it consumed all the same. */
  consumedCredits: number | undefined
  /** Whether the same request is worth one more try: failed tasks are refunded, unless the service says otherwise. */
  retryable: boolean
}

/** Failures of the service rather than of the request. */
const TRANSIENT = new Set(['timeout', 'service_unavailable', 'server_error', 'format_conversion_failed'])
/** The same, as told before failures had types. */
const TRANSIENT_WORDS = /server is busy|internal server error|try again|please retry/i

/** For what the service says: it may quote the address of a file, or a key. */
const redact = createRedactor([])

/** The error for a task that the service gave up. */
export function taskFailed({ kind, id }: TaskName, task: Task): MeshyError {
  const { message, type, code } = task.error ?? {}
  const { consumedCredits } = task
  const details: TaskFailure = { kind, taskId: id, type, code, consumedCredits, retryable: isRetryable(task) }
  return new MeshyError('MESHY_TASK_FAILED', {
    message: `The task \`${id}\` failed at the service: ${reasonOf(message ?? code ?? type)}`,
    hint: details.retryable
      ? 'Run again. The service was the cause, and it refunded the task.'
      : failures.MESHY_TASK_FAILED.next,
    details: { ...details },
  })
}

/** The error for a task that somebody canceled. */
export function taskCanceled({ kind, id }: TaskName, { consumedCredits }: Task): MeshyError {
  return new MeshyError('MESHY_TASK_CANCELED', {
    message: `The task \`${id}\` was canceled at the service.`,
    hint: failures.MESHY_TASK_CANCELED.next,
    details: { kind, taskId: id, consumedCredits },
  })
}

/** The error for a task that the service does not know, or not any more. */
export function taskExpired({ kind, id }: TaskName, cause: unknown): MeshyError {
  return new MeshyError('MESHY_TASK_EXPIRED', {
    message: `The service has no task \`${id}\`: it is no longer kept, was deleted, or belongs to another account.`,
    hint: failures.MESHY_TASK_EXPIRED.next,
    details: { kind, taskId: id },
    cause,
  })
}

/** The error for a task that took too long. */
export function taskTimedOut({ kind, id }: TaskName, last: Task | undefined, timeoutMs: number): MeshyError {
  const state = last ? `was last reported as \`${last.status}\` at ${last.progress} %` : 'was never reported'
  return new MeshyError('MESHY_TASK_TIMEOUT', {
    message: `The task \`${id}\` did not finish within ${Math.round(timeoutMs / 1000)} seconds; it ${state}.`,
    hint: failures.MESHY_TASK_TIMEOUT.next,
    details: { kind, taskId: id, status: last?.status, progress: last?.progress },
  })
}

/** The error for a success without a model. */
export function taskWithoutModel({ kind, id }: TaskName): MeshyError {
  return new MeshyError('MESHY_TASK_NO_MODEL', {
    message: `The task \`${id}\` succeeded, but its \`model_urls\` contain no \`glb\`.`,
    hint: failures.MESHY_TASK_NO_MODEL.next,
    details: { kind, taskId: id },
  })
}

function isRetryable({ error, consumedCredits }: Task): boolean {
  if (!error || consumedCredits) return false
  // The code says more than the type: `moderation_blocked` may come as a server error.
  const cause = error.code ?? error.type
  return cause === undefined ? TRANSIENT_WORDS.test(error.message ?? '') : TRANSIENT.has(cause)
}

/** A reason is a sentence or two; what goes on is of no use to anybody. */
const MAX_REASON = 500

function reasonOf(reason: string | undefined): string {
  if (reason === undefined) return 'it gave no reason.'
  // Cut last: of half a secret nothing would be recognised.
  return redact(reason).slice(0, MAX_REASON).replace(/\.?$/, '.')
}
