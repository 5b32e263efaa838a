import PQueue from 'p-queue'
import { type Clock, elapsedAt, ownSignal } from '../../system/clock.ts'

/** The pause after a refusal that names none, and the longest pause that is observed, in milliseconds. */
const PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000
/** After a refusal, requests start at a rate reduced by this factor, for this long. */
const SLOWNESS = 2
const SLOW_MS = 15_000

/** Requests per second: starts them evenly spaced, urgent ones first, and slower after a refusal. */
export class Pace {
  // Without its intervals: they stand still as long as the time of the machine was set back.
  readonly #queue = new PQueue()
  readonly #clock: Clock
  readonly #interval: number
  #slowUntil = 0
  #heldUntil = 0
  /** Ends the current pause early. */
  #rest: AbortController | undefined

  constructor({ requestsPerSecond, clock }: { requestsPerSecond: number; clock: Clock }) {
    this.#interval = Math.ceil(1000 / requestsPerSecond)
    this.#clock = clock
  }

  /** Runs `send` when its turn comes. */
  async run<T>(send: () => Promise<T>, options: EnterOptions = {}): Promise<T> {
    this.#resume()
    const start = () => {
      this.#hold(this.isSlow ? this.#interval * SLOWNESS : this.#interval)
      return send()
    }
    try {
      return await enter(this.#queue, start, options)
    } finally {
      // A pause that nobody waits for must not keep the process alive.
      if (this.#queue.size === 0) this.#stopPause()
    }
  }

  /**
   * The server said that requests come too fast: pause for as long as it asks, then continue more slowly for a while.
   */
  slowDown(retryAfterMs = PAUSE_MS): void {
    const pause = Math.min(retryAfterMs, MAX_PAUSE_MS)
    this.#slowUntil = Math.max(this.#slowUntil, elapsedAt(this.#clock) + pause + SLOW_MS)
    this.#hold(pause)
  }

  get isSlow(): boolean {
    return elapsedAt(this.#clock) < this.#slowUntil
  }

  #hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, elapsedAt(this.#clock) + ms)
    this.#resume()
  }

  /** Lets the queue run, after the rest of the pause. */
  #resume(): void {
    if (this.#left() <= 0) return void this.#queue.start()
    this.#queue.pause()
    if (!this.#rest) void this.#pause()
  }

  async #pause(): Promise<void> {
    const rest = new AbortController()
    this.#rest = rest
    try {
      while (this.#left() > 0) await this.#clock.sleep(this.#left(), rest.signal)
    } catch (error) {
      if (!rest.signal.aborted) throw error
    }
    if (rest.signal.aborted) return
    // Before the queue continues, because the next request may require the next pause at once.
    this.#rest = undefined
    this.#queue.start()
  }

  /** Ends the timer of a pause; the next request observes the rest of it. */
  #stopPause(): void {
    this.#rest?.abort()
    this.#rest = undefined
  }

  #left(): number {
    return this.#heldUntil - elapsedAt(this.#clock)
  }
}

export interface EnterOptions {
  /** Higher goes first; 0 by default. */
  priority?: number | undefined
  /** Aborting it gives up the place in the queue. Work that has started must watch its own signal. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `work` once the queue lets it in.
 *
 * The library would also drop the result of running work when the signal is aborted; the answer to a paid request must
 * not be lost to that race.
 */
export async function enter<T>(
  queue: PQueue,
  work: () => Promise<T>,
  { priority = 0, signal }: EnterOptions,
): Promise<T> {
  signal?.throwIfAborted()
  const own = ownSignal(signal)
  const waiting = new AbortController()
  const leave = () => waiting.abort(own?.reason)
  const stopWaiting = () => own?.removeEventListener('abort', leave)
  own?.addEventListener('abort', leave, { once: true })
  try {
    const start = () => {
      stopWaiting()
      return work()
    }
    return await queue.add(start, { priority, signal: waiting.signal })
  } finally {
    stopWaiting()
  }
}
