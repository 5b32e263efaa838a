import { Worker } from 'node:worker_threads'
import { MeshyError } from '../errors.ts'
import type { PreviewModel, PreviewOptions } from './mesher.ts'
import { readFailure } from './worker-messages.ts'
import type { Answer, Job } from './worker-messages.ts'
import { findWorkerScript } from './worker-script.ts'
import type { WorkerScript } from './worker-script.ts'

/** Makes models in worker threads. */
export interface PreviewPool {
  /**
   * Like `makeMesh`, without blocking this thread. Aborting rejects with the reason of the signal.
   *
   * Throws what `makeMesh` throws, and `MESHY_PREVIEW_CRASHED` when the worker dies.
   */
  make(
    images: Uint8Array[],
    options: PreviewOptions,
    wait?: { signal?: AbortSignal | undefined },
  ): Promise<PreviewModel>
  /** Ends the workers. Models on their way are rejected with `MESHY_ABORTED`. */
  close(): Promise<void>
}

export interface PreviewPoolOptions {
  /** Worker threads, started when they are needed. @default 1 */
  size?: number | undefined
  /** @default found beside this code */
  script?: WorkerScript | undefined
}

/** A pool that never keeps the process alive while it has nothing to do. */
export function createPreviewPool({ size = 1, script }: PreviewPoolOptions = {}): PreviewPool {
  return new WorkerPool(size, script)
}

interface Task {
  job: Job
  resolve: (model: PreviewModel) => void
  reject: (reason: unknown) => void
}

/** Invariant: a worker has at most one task, and tasks wait only while all workers have one. */
class WorkerPool implements PreviewPool {
  readonly #size: number
  readonly #script: WorkerScript | undefined
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Task>()
  readonly #waiting: Task[] = []
  #closed = false

  constructor(size: number, script: WorkerScript | undefined) {
    this.#size = size
    this.#script = script
  }

  async make(
    images: Uint8Array[],
    options: PreviewOptions,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ) {
    signal?.throwIfAborted()
    if (this.#closed) throw closedError()
    let abort: (() => void) | undefined
    try {
      return await new Promise<PreviewModel>((resolve, reject) => {
        const task: Task = { job: { images, options }, resolve, reject }
        abort = () => this.#abandon(task, signal?.reason)
        signal?.addEventListener('abort', abort, { once: true })
        this.#waiting.push(task)
        this.#next()
      })
    } finally {
      if (abort) signal?.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle.splice(0), ...this.#busy.keys()]
    for (const task of [...this.#waiting.splice(0), ...this.#busy.values()]) task.reject(closedError())
    this.#busy.clear()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  /** Gives the next task to a worker, if one is free or may be started. */
  #next(): void {
    if (this.#waiting.length === 0 || this.#busy.size >= this.#size) return
    const task = this.#waiting.shift()
    if (!task) return
    try {
      const worker = this.#idle.pop() ?? this.#start()
      this.#busy.set(worker, task)
      worker.ref()
      worker.postMessage(task.job, [])
    } catch (error) {
      task.reject(error)
    }
  }

  #start(): Worker {
    const { url, execArgv } = this.#script ?? findWorkerScript()
    const worker = new Worker(url, { execArgv, name: 'unplugin-meshy preview' })
    worker.on('message', (answer: Answer) => this.#finish(worker, answer))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', (code) => this.#lose(worker, new Error(`It exited with code ${code}`)))
    return worker
  }

  #finish(worker: Worker, answer: Answer): void {
    const task = this.#busy.get(worker)
    this.#busy.delete(worker)
    if ('model' in answer) task?.resolve(answer.model)
    else task?.reject(readFailure(answer.failure))
    if (this.#closed) return
    worker.unref()
    this.#idle.push(worker)
    this.#next()
  }

  /** A worker that died is not used again; the next task starts another. */
  #lose(worker: Worker, error: unknown): void {
    const place = this.#idle.indexOf(worker)
    if (place >= 0) this.#idle.splice(place, 1)
    const task = this.#busy.get(worker)
    this.#busy.delete(worker)
    task?.reject(crashedError(error))
    this.#next()
  }

  /** A task that runs cannot be stopped: its worker goes on, and the model is dropped. */
  #abandon(task: Task, reason: unknown): void {
    const place = this.#waiting.indexOf(task)
    if (place >= 0) this.#waiting.splice(place, 1)
    task.reject(reason)
  }
}

function closedError(): MeshyError {
  return new MeshyError('MESHY_ABORTED', {
    message: 'The stand-in model was not made: its workers were stopped',
    hint: 'Run again.',
  })
}

function crashedError(error: unknown): MeshyError {
  return new MeshyError('MESHY_PREVIEW_CRASHED', {
    message: `The worker that makes stand-in models died: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Run again; a card stands in for the model meanwhile.',
    cause: error,
  })
}
