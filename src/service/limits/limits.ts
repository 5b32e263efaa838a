import PQueue from 'p-queue'
import { type Clock, elapsedAt, ownSignal } from '../../system/clock.ts'
import { type EnterOptions, Pace, enter } from './pace.ts'
import { apiFailureOf } from '../http.ts'

interface LimitsOptions {
  /** The number of requests that may start per second. */
  requestsPerSecond: number
  /** Maximum number of concurrent tasks. */
  concurrency: number
  clock: Clock
}

/** The two limits of an account, each with its own queue: requests per second, and concurrent tasks. */
export type Limits = ReturnType<typeof createLimits>

/** Creates the limits of one account in one process. */
export function createLimits({ requestsPerSecond, concurrency, clock }: LimitsOptions) {
  const pace = new Pace({ requestsPerSecond, clock })
  const slots = new Slots({ concurrency, clock })
  return {
    /** Sends one request when its turn comes: evenly spaced, higher priority first. */
    request: <T>(send: () => Promise<T>, options?: EnterOptions): Promise<T> => pace.run(send, options),
    /** Runs a task from its submission to its end at the service, once there is a slot. Excludes its downloads. */
    slot: <T>(task: () => Promise<T>, { signal }: Pick<EnterOptions, 'signal'> = {}): Promise<T> =>
      slots.run(task, signal),
    /** Submits from inside a slot, again after the service answered `NoMoreConcurrentTasks`. */
    submit: <T>(post: () => Promise<T>, options: SlotSubmission<T>): Promise<T> =>
      slots.submit(post, options),
    /** The service answered `RateLimitExceeded`. */
    rateLimited: (retryAfterMs?: number): void => pace.slowDown(retryAfterMs),
  }
}

/** The first wait before looking for room again, and its upper limit, in milliseconds. */
const PROBE_MS = 5000
const MAX_PROBE_MS = 30_000
const PROBE_GROWTH = 1.5

export interface SlotSubmission<T> {
  /** How long to wait for a full queue, in milliseconds. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Called each time the queue of the account was full. */
  onFull?: (() => void) | undefined
  /** Whether the service accepted something. @default always */
  isAccepted?: ((result: T) => boolean) | undefined
}

/**
 * Concurrent tasks. The account's queue is shared with people and other machines, so its free places are found by
 * trying, and every try uploads an image:
 *
 * 1. A refusal shrinks the slots to what was accepted. The refused submission keeps its slot and waits.
 * 2. When a task ends, one waiting submission takes its place.
 * 3. Other people's tasks end unnoticed: from time to time, one submission more than is known to fit is tried.
 * 4. When that is accepted, there may be room for another: the next one is tried at once.
 */
export class Slots {
  readonly #queue: PQueue
  readonly #clock: Clock
  readonly #max: number
  /** Wakes refused submissions. */
  readonly #refused: (() => void)[] = []
  /** How many tasks fitted at the last refusal; infinite if there was none. */
  #known = Number.POSITIVE_INFINITY
  #probeMs = PROBE_MS
  #probe: AbortController | undefined

  /** @param concurrency concurrent tasks, if nobody else uses the account */
  constructor({ concurrency, clock }: { concurrency: number; clock: Clock }) {
    this.#max = concurrency
    this.#queue = new PQueue({ concurrency })
    this.#clock = clock
  }

  /** Runs a task from its submission to its end, once there is a slot. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const whole = async () => {
      try {
        return await task()
      } finally {
        this.#wakeOne()
      }
    }
    try {
      const entered = enter(this.#queue, whole, { signal })
      this.#probeLater()
      return await entered
    } finally {
      this.#settle()
    }
  }

  /**
   * Submits from inside a slot, and waits as long as the queue of the account is full. That uses up no attempts, because
   * the service refuses such a submission before it costs anything.
   *
   * All other errors are thrown unchanged; so is the last `MESHY_API_QUEUE_FULL` when the time is up.
   */
  async submit<T>(post: () => Promise<T>, options: SlotSubmission<T>): Promise<T> {
    const { timeoutMs, signal, onFull, isAccepted = () => true } = options
    const deadline = elapsedAt(this.#clock) + timeoutMs
    for (;;) {
      try {
        const result = await post()
        if (isAccepted(result)) this.accepted()
        return result
      } catch (error) {
        if (apiFailureOf(error)?.limit !== 'queue' || elapsedAt(this.#clock) >= deadline) throw error
        onFull?.()
        await this.refused(signal)
      }
    }
  }

  /** The service refused a submission because its queue was full: resolves when it is worth another try. */
  async refused(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const own = ownSignal(signal)
    let leave = () => {}
    try {
      await new Promise<void>((resolve, reject) => {
        leave = () => {
          this.#forget(resolve)
          reject(own?.reason)
        }
        own?.addEventListener('abort', leave, { once: true })
        this.#refused.push(resolve)
        this.#setKnown(this.running)
        this.#probeLater()
      })
    } finally {
      own?.removeEventListener('abort', leave)
    }
  }

  /** The service accepted a submission. */
  accepted(): void {
    if (this.running <= this.#known) return
    this.#setKnown(this.running)
    this.#tryOneMore()
    // The next look for room comes soon again.
    this.#probeMs = PROBE_MS
    this.#probe?.abort()
  }

  /** How many concurrent tasks the service accepts, as far as is known. */
  get size(): number {
    return this.#queue.concurrency
  }

  get running(): number {
    return this.#queue.pending - this.#refused.length
  }

  get waiting(): number {
    return this.#queue.size + this.#refused.length
  }

  #setKnown(count: number): void {
    this.#known = count >= this.#max ? Number.POSITIVE_INFINITY : count
    this.#resize(this.#known)
  }

  #resize(size: number): void {
    this.#queue.concurrency = Math.min(this.#max, Math.max(1, size))
  }

  #tryOneMore(): void {
    if (this.#refused.length > 0) this.#wakeOne()
    else this.#resize(this.running + 1)
  }

  #wakeOne(): void {
    const wake = this.#refused[0]
    if (!wake) return
    this.#forget(wake)
    wake()
  }

  #forget(wake: () => void): void {
    const index = this.#refused.indexOf(wake)
    if (index !== -1) this.#refused.splice(index, 1)
    this.#settle()
  }

  /** Keeps no timer if nobody waits, and forgets what was known if nothing is running. */
  #settle(): void {
    if (this.waiting > 0) return
    this.#probe?.abort()
    if (this.#queue.pending > 0) return
    this.#probeMs = PROBE_MS
    this.#setKnown(Number.POSITIVE_INFINITY)
  }

  #probeLater(): void {
    const isFull = this.#known !== Number.POSITIVE_INFINITY
    if (isFull && this.waiting > 0 && !this.#probe) void this.#probeByTime()
  }

  async #probeByTime(): Promise<void> {
    const probe = new AbortController()
    this.#probe = probe
    try {
      await this.#clock.sleep(this.#probeMs, probe.signal)
      this.#probeMs = Math.min(MAX_PROBE_MS, this.#probeMs * PROBE_GROWTH)
      this.#tryOneMore()
    } catch (error) {
      if (!probe.signal.aborted) throw error
    } finally {
      this.#probe = undefined
    }
    this.#probeLater()
  }
}
