import { isMeshyError, MeshyError, type MeshyErrorInit } from '../system/errors.ts'
import { apiFailureOf } from './http.ts'
import { type Clock, createWatchdog, elapsedAt } from '../system/clock.ts'
import type { Log } from '../system/logger.ts'
import type { Client } from './client.ts'
import type { FileRole } from '../request/files.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { isTerminal, type Task } from './task.ts'
import { failures } from '../system/failures.ts'
import { createRedactor } from '../system/redact.ts'

interface WatchOptions {
  clock: Clock
  /** When to give up, in milliseconds. The task itself continues. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** The files that are needed of it, besides the model. */
  extras?: readonly FileRole[] | undefined
  /** Called with every reported state, including the last one. */
  onProgress?: ((task: Task) => void) | undefined
  log?: Log | undefined
}

/** What is needed to watch one task. */
interface Watch {
  client: Pick<Client, 'stream' | 'retrieve'>
  name: TaskName
  clock: Clock
  signal: AbortSignal
  extras: readonly FileRole[]
  hear(task: Task): void
  log: Log | undefined
}

const FIRST_POLL_MS = 3000
const MAX_POLL_MS = 20_000
const POLL_GROWTH = 1.5
/** How long a paid task is polled without an answer before we give up, in milliseconds. */
const MAX_OUTAGE_MS = 180_000
/** How many looks in a row must have told nothing before a 404 counts: what was just accepted may not show yet. */
const UNKNOWN_READS = 3

/**
 * Waits for a task to end and returns it, including its model's URL: through its stream if there is one, otherwise by
 * polling.
 *
 * @throws {MeshyError} `MESHY_TASK_FAILED`, `MESHY_TASK_CANCELED`, `MESHY_TASK_EXPIRED`, `MESHY_TASK_NO_MODEL`,
 * `MESHY_TASK_TIMEOUT`, or whatever the client throws.
 */
export async function watchTask(
  client: Pick<Client, 'stream' | 'retrieve'>,
  kind: TaskKind,
  id: string,
  options: WatchOptions,
): Promise<Task> {
  const name: TaskName = { kind, id }
  const { clock, timeoutMs, signal, extras = [], onProgress, log } = options
  let last: Task | undefined
  const hear = (task: Task) => {
    last = task
    onProgress?.(task)
  }
  const deadline = createWatchdog(clock, timeoutMs, signal)
  const watch: Watch = { client, name, clock, signal: deadline.signal, extras, hear, log }
  try {
    return settle(name, (await streamToEnd(watch)) ?? (await pollToEnd(watch)))
  } catch (error) {
    signal?.throwIfAborted()
    throw deadline.timedOut() ? taskTimedOut(name, last, timeoutMs) : error
  } finally {
    deadline.stop()
  }
}

/** The final state from the stream, or `undefined` if the stream did not report it. */
async function streamToEnd(watch: Watch): Promise<Task | undefined> {
  const { client, name, signal, extras, hear, log } = watch
  try {
    for await (const task of client.stream(name.kind, name.id, { signal })) {
      hear(task)
      if (isTerminal(task)) return isComplete(task, extras) ? task : undefined
    }
    log?.(`task ${name.id}: the stream ended early, polling`)
  } catch (error) {
    signal.throwIfAborted()
    // Whatever is wrong with a stream, one read distinguishes it from a problem with the task.
    if (!isMeshyError(error)) throw error
    log?.(`task ${name.id}: no stream (${error.code}), polling`)
  }
  return undefined
}

/**
 * The events of a stream may omit the addresses of the files, or what a failed task has consumed despite its failure,
 * which decides whether it is submitted again. One read then provides them, or proves that there are none.
 */
function isComplete({ status, urls, consumedCredits }: Task, extras: readonly FileRole[]): boolean {
  if (status !== 'SUCCEEDED') return consumedCredits !== undefined
  return urls.glb !== undefined && extras.every((role) => urls[role] !== undefined)
}

async function pollToEnd(watch: Watch): Promise<Task> {
  const { clock, signal, hear } = watch
  let heardAt = elapsedAt(clock)
  let unheard = 0
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(MAX_POLL_MS, pause * POLL_GROWTH)) {
    unheard += 1
    const task = await poll(watch, { heardAt, unheard })
    if (task) {
      heardAt = elapsedAt(clock)
      unheard = 0
      hear(task)
      if (isTerminal(task)) return task
    }
    await clock.sleep(pause, signal)
  }
}

/** The state from one read, or `undefined` during an outage that may be temporary. */
async function poll(
  { client, name, clock, signal, log }: Watch,
  { heardAt, unheard }: { heardAt: number; unheard: number },
): Promise<Task | undefined> {
  try {
    return await client.retrieve(name.kind, name.id, { signal })
  } catch (error) {
    signal.throwIfAborted()
    const isUnknown = saysUnknownTask(error)
    if (isUnknown && unheard >= UNKNOWN_READS) throw taskExpired(name, error)
    const failure = apiFailureOf(error)
    const isTold = failure?.outcome === 'refused' && failure.status !== 429 && !isUnknown
    const mayPass = failure !== undefined && !isTold
    if (!mayPass || elapsedAt(clock) - heardAt > MAX_OUTAGE_MS) throw error
    log?.(`task ${name.id}: ${failure.status ?? failure.outcome}, polling on`)
    return undefined
  }
}

/** A 404 about the task, not about the route. */
function saysUnknownTask(error: unknown): boolean {
  return (
    isMeshyError(error) &&
    error.code === 'MESHY_API_NOT_FOUND' &&
    !/NoMatchingRoute|HTML page/i.test(error.message)
  )
}

function settle(name: TaskName, task: Task): Task {
  if (task.status === 'FAILED') throw taskFailed(name, task)
  if (task.status === 'CANCELED') throw taskCanceled(name, task)
  if (task.urls.glb === undefined) throw taskWithoutModel(name)
  return task
}

/** Which task an error is about. */
interface TaskName {
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
function taskFailed(name: TaskName, task: Task): MeshyError {
  const { message, type, code } = task.error ?? {}
  const retryable = isRetryable(task)
  return taskError('MESHY_TASK_FAILED', name, {
    message: `The task \`${name.id}\` failed at the service: ${reasonOf(message ?? code ?? type)}`,
    details: { type, code, consumedCredits: task.consumedCredits, retryable },
    ...(retryable && { hint: 'Run again. The service was the cause, and it refunded the task.' }),
  })
}

/** The error for a task that somebody canceled. */
function taskCanceled(name: TaskName, { consumedCredits }: Task): MeshyError {
  const message = `The task \`${name.id}\` was canceled at the service.`
  return taskError('MESHY_TASK_CANCELED', name, { message, details: { consumedCredits } })
}

/** The error for a task that the service does not know, or no longer knows. */
function taskExpired(name: TaskName, cause: unknown): MeshyError {
  const message = `The service has no task \`${name.id}\`: it is no longer kept, was deleted, or belongs to another account.`
  return taskError('MESHY_TASK_EXPIRED', name, { message, cause })
}

/** The error for a task that took too long. */
function taskTimedOut(name: TaskName, last: Task | undefined, timeoutMs: number): MeshyError {
  const state = last ? `was last reported as \`${last.status}\` at ${last.progress} %` : 'was never reported'
  return taskError('MESHY_TASK_TIMEOUT', name, {
    message: `The task \`${name.id}\` did not finish within ${Math.round(timeoutMs / 1000)} seconds; it ${state}.`,
    details: { status: last?.status, progress: last?.progress },
  })
}

/** The error for a success without a model. */
function taskWithoutModel(name: TaskName): MeshyError {
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
