import { MeshyError, type MeshyErrorInit } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { createRedactor } from '../system/redact.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import type { Task } from './task.ts'

/** Which task an error is about. */
export interface TaskName {
  kind: TaskKind
  id: string
}

/** Failures of the service rather than of the request. */
const TRANSIENT = new Set(['timeout', 'service_unavailable', 'server_error', 'format_conversion_failed'])
/** The same, as reported before failures had types. */
const TRANSIENT_WORDS = /server is busy|internal server error|try again|please retry/i

/** For messages of the service, which may quote the address of a file, or a key. */
const redact = createRedactor([])

/** The error for a task that failed at the service. */
export function taskFailed(name: TaskName, task: Task): MeshyError {
  const { message, type, code } = task.error ?? {}
  const retryable = isRetryable(task)
  return taskError('MESHY_TASK_FAILED', name, {
    message: `The task \`${name.id}\` failed at the service: ${reasonOf(message ?? code ?? type)}`,
    details: { type, code, consumedCredits: task.consumedCredits, retryable },
    ...(retryable && { hint: 'Run again. The service was the cause, and it refunded the task.' }),
  })
}

/** The error for a task that somebody canceled. */
export function taskCanceled(name: TaskName, { consumedCredits }: Task): MeshyError {
  const message = `The task \`${name.id}\` was canceled at the service.`
  return taskError('MESHY_TASK_CANCELED', name, { message, details: { consumedCredits } })
}

/** The error for a task that the service does not know, or no longer knows. */
export function taskExpired(name: TaskName, cause: unknown): MeshyError {
  const message = `The service has no task \`${name.id}\`: it is no longer kept, was deleted, or belongs to another account.`
  return taskError('MESHY_TASK_EXPIRED', name, { message, cause })
}

/** The error for a task that took too long. */
export function taskTimedOut(name: TaskName, last: Task | undefined, timeoutMs: number): MeshyError {
  const state = last ? `was last reported as \`${last.status}\` at ${last.progress} %` : 'was never reported'
  return taskError('MESHY_TASK_TIMEOUT', name, {
    message: `The task \`${name.id}\` did not finish within ${Math.round(timeoutMs / 1000)} seconds; it ${state}.`,
    details: { status: last?.status, progress: last?.progress },
  })
}

/** The error for a success without a model. */
export function taskWithoutModel(name: TaskName): MeshyError {
  const message = `The task \`${name.id}\` succeeded, but its \`model_urls\` contain no \`glb\`.`
  return taskError('MESHY_TASK_NO_MODEL', name, { message })
}

function taskError(
  code: keyof typeof failures,
  { kind, id }: TaskName,
  { details, ...init }: Omit<MeshyErrorInit, 'hint'> & { hint?: string },
): MeshyError {
  return new MeshyError(code, {
    hint: failures[code].next,
    ...init,
    details: { kind, taskId: id, ...details },
  })
}

/** Whether the same request is worth one more try: failed tasks are refunded, unless the service says otherwise. */
function isRetryable({ error, consumedCredits }: Task): boolean {
  if (!error || consumedCredits) return false
  // The code says more than the type: `moderation_blocked` may come as a server error.
  const cause = error.code ?? error.type
  return cause === undefined ? TRANSIENT_WORDS.test(error.message ?? '') : TRANSIENT.has(cause)
}

/** A reason is a sentence or two; anything longer is useless. */
const MAX_REASON = 500

function reasonOf(reason: string | undefined): string {
  if (reason === undefined) return 'it gave no reason.'
  // Truncate last: half a secret would not be recognised.
  return redact(reason).slice(0, MAX_REASON).replace(/\.?$/, '.')
}
