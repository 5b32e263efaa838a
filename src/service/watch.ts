import { isMeshyError } from '../system/errors.ts'
import { apiFailureOf } from './http.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/logger.ts'
import { createWatchdog } from '../system/watchdog.ts'
import type { Client } from './client.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { taskCanceled, taskExpired, taskFailed, taskTimedOut, taskWithoutModel } from './task-outcome.ts'
import type { TaskName } from './task-outcome.ts'
import { isTerminal, type Task } from './task.ts'

export interface WatchOptions {
  clock: Clock
  /** When to give up, in milliseconds. The task itself continues. */
  timeoutMs: number
  signal?: AbortSignal | undefined
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
  hear(task: Task): void
  log: Log | undefined
}

const FIRST_POLL_MS = 3000
const MAX_POLL_MS = 20_000
const POLL_GROWTH = 1.5
/** How long a paid task is polled without an answer before we give up, in milliseconds. */
const MAX_OUTAGE_MS = 180_000

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
  const { clock, timeoutMs, signal, onProgress, log } = options
  let last: Task | undefined
  const hear = (task: Task) => {
    last = task
    onProgress?.(task)
  }
  const deadline = createWatchdog(clock, timeoutMs, signal)
  const watch: Watch = { client, name, clock, signal: deadline.signal, hear, log }
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
  const { client, name, signal, hear, log } = watch
  try {
    for await (const event of client.stream(name.kind, name.id, { signal })) {
      if (event.type === 'error') break
      hear(event.task)
      if (isTerminal(event.task)) return isComplete(event.task) ? event.task : undefined
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
 * which decides whether it is submitted again. One read then provides them.
 */
function isComplete({ status, urls, consumedCredits }: Task): boolean {
  return status === 'SUCCEEDED' ? urls.glb !== undefined : consumedCredits !== undefined
}

async function pollToEnd(watch: Watch): Promise<Task> {
  const { clock, signal, hear } = watch
  let heardAt = clock.now()
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(MAX_POLL_MS, pause * POLL_GROWTH)) {
    const task = await poll(watch, heardAt)
    if (task) {
      heardAt = clock.now()
      hear(task)
      if (isTerminal(task)) return task
    }
    await clock.sleep(pause, signal)
  }
}

/** The state from one read, or `undefined` during an outage that may be temporary. */
async function poll({ client, name, clock, signal, log }: Watch, heardAt: number): Promise<Task | undefined> {
  try {
    return await client.retrieve(name.kind, name.id, { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (saysUnknownTask(error)) throw taskExpired(name, error)
    const failure = apiFailureOf(error)
    const mayPass = failure !== undefined && (failure.outcome !== 'refused' || failure.status === 429)
    if (!mayPass || clock.now() - heardAt > MAX_OUTAGE_MS) throw error
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
