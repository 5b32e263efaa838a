import { parentPort, Worker, type ResourceLimits, type TransferListItem } from 'node:worker_threads'
import { existsSync } from 'node:fs'
import { isMeshyError, MeshyError, type ErrorCode } from './errors.ts'

/** A worker's answer to a job. */
type WorkerAnswer<Result> = { result: Result } | { failure: WorkerFailure }

interface WorkerPoolOptions {
  /** What they are for: tools show it. */
  name: string
  /** Worker threads, started when they are needed. */
  size: number
  /** What a thread runs; if it throws, that is the error of a job. */
  script(): WorkerScript
  limits?: ResourceLimits
  /** The error of jobs that were in progress when the pool was closed. */
  closed(): Error
  /** The error of a job whose worker died. */
  crashed(cause: unknown): Error
}

interface RunOptions {
  signal?: AbortSignal | undefined
  transfer?: readonly TransferListItem[] | undefined
}

interface Task<Job, Result> {
  job: Job
  transfer: readonly TransferListItem[]
  resolve: (result: Result) => void
  reject: (reason: unknown) => void
}

/**
 * Worker threads that process one job after the other, and never keep the process alive while they are idle.
 *
 * Invariant: a worker has at most one task, and tasks wait only while all workers have one.
 */
export class WorkerPool<Job, Result> {
  readonly #options: WorkerPoolOptions
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Task<Job, Result>>()
  readonly #waiting: Task<Job, Result>[] = []
  #closed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  /** Runs a job. On abort, rejects with the reason of the signal. */
  async run(job: Job, { signal, transfer = [] }: RunOptions = {}): Promise<Result> {
    signal?.throwIfAborted()
    if (this.#closed) throw this.#options.closed()
    let abort: (() => void) | undefined
    try {
      return await new Promise<Result>((resolve, reject) => {
        const task = { job, transfer, resolve, reject }
        abort = () => this.#abandon(task, signal?.reason)
        signal?.addEventListener('abort', abort, { once: true })
        this.#waiting.push(task)
        this.#next()
      })
    } finally {
      if (abort) signal?.removeEventListener('abort', abort)
    }
  }

  /** Ends the workers, and rejects the jobs in progress. */
  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle.splice(0), ...this.#busy.keys()]
    for (const task of [...this.#waiting.splice(0), ...this.#busy.values()]) {
      task.reject(this.#options.closed())
    }
    this.#busy.clear()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  /** Gives the next task to a worker, if one is free or can be started. */
  #next(): void {
    if (this.#waiting.length === 0 || this.#busy.size >= this.#options.size) return
    const task = this.#waiting.shift()
    if (!task) return
    let worker: Worker | undefined
    try {
      worker = this.#idle.pop() ?? this.#start()
      worker.postMessage(task.job, task.transfer)
      worker.ref()
      this.#busy.set(worker, task)
    } catch (error) {
      // A job that cannot be sent leaves the worker idle; a new worker would keep the process alive.
      worker?.unref()
      if (worker) this.#idle.push(worker)
      task.reject(error)
      this.#next()
    }
  }

  #start(): Worker {
    const { name, limits, script } = this.#options
    const { url, execArgv } = script()
    const options = { execArgv, name: `unplugin-meshy ${name}`, ...(limits && { resourceLimits: limits }) }
    const worker = new Worker(url, options)
    worker.on('message', (answer: WorkerAnswer<Result>) => this.#finish(worker, answer))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', (code) => this.#lose(worker, new Error(`It exited with code ${code}`)))
    return worker
  }

  #finish(worker: Worker, answer: WorkerAnswer<Result>): void {
    const task = this.#busy.get(worker)
    this.#busy.delete(worker)
    if ('result' in answer) task?.resolve(answer.result)
    else task?.reject(readFailure(answer.failure))
    if (this.#closed) return
    worker.unref()
    this.#idle.push(worker)
    this.#next()
  }

  /** A worker that died is not used again; the next task starts another one. */
  #lose(worker: Worker, error: unknown): void {
    const place = this.#idle.indexOf(worker)
    if (place >= 0) this.#idle.splice(place, 1)
    const task = this.#busy.get(worker)
    this.#busy.delete(worker)
    task?.reject(this.#options.crashed(error))
    this.#next()
  }

  /** A running task cannot be stopped: its worker continues, and the result is dropped. */
  #abandon(task: Task<Job, Result>, reason: unknown): void {
    const place = this.#waiting.indexOf(task)
    if (place >= 0) this.#waiting.splice(place, 1)
    task.reject(reason)
  }
}

/**
 * The script of a worker thread: does one job after another.
 *
 * @param buffersOf what is handed over of a result, and not copied
 */
export function answerJobs<Job, Result>(
  work: (job: Job) => Promise<Result>,
  buffersOf: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const post = (answer: WorkerAnswer<Result>, buffers: ArrayBuffer[] = []) =>
    parentPort?.postMessage(answer, buffers)
  parentPort?.on('message', async (job: Job) => {
    try {
      const result = await work(job)
      post({ result }, buffersOf(result))
    } catch (error) {
      post({ failure: describeFailure(error) })
    }
  })
}

/** An error as data: an Error that crosses threads keeps its message but loses its class and fields. */
interface WorkerFailure {
  message: string
  stack?: string | undefined
  known?: { code: ErrorCode; hint: string; details: Record<string, unknown> } | undefined
}

function describeFailure(error: unknown): WorkerFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (!isMeshyError(error)) return { message, stack }
  const { code, hint, details } = error
  return { message, stack, known: { code, hint, details } }
}

/** The error that occurred in a worker. */
function readFailure({ message, stack, known }: WorkerFailure): Error {
  const error = known ? new MeshyError(known.code, { message, ...known }) : new Error(message)
  if (stack) error.stack = stack
  return error
}

/** What is needed to start a worker. */
export interface WorkerScript {
  url: URL
  execArgv: string[]
}

/**
 * Finds the worker script of a folder: either the built one, beside the chunk that contains this code, or the
 * TypeScript source in a checkout (through jiti if Node.js cannot read TypeScript itself). Undefined if it is missing.
 */
export function findWorkerScript(
  folder: 'stand-in/mesher' | 'derive' | 'store' | 'cli/ahead',
): WorkerScript | undefined {
  const source = new URL(`../${folder}/worker.ts`, import.meta.url)
  if (existsSync(source)) {
    return {
      url: source,
      execArgv: readsTypeScript() ? [] : ['--import', import.meta.resolve('jiti/register')],
    }
  }
  // Where this code may end up after the build: the root of `dist`, or a folder for shared chunks.
  const built = [`./${folder}/worker.mjs`, `../${folder}/worker.mjs`]
  const url = built.map((path) => new URL(path, import.meta.url)).find((file) => existsSync(file))
  return url && { url, execArgv: [] }
}

function readsTypeScript(): boolean {
  const features: object = process.features
  return 'typescript' in features && features.typescript !== false
}
