import PQueue from 'p-queue'
import type { Clock } from '../system/clock.ts'
import { enter } from './enter.ts'

export interface SlotOptions {
  /** Tasks at once, when nobody else uses the account. */
  concurrency: number
  clock: Clock
}

/** The first wait for other people's tasks to finish, and how far it grows, in milliseconds. */
const PROBE_MS = 5000
const MAX_PROBE_MS = 30_000
const PROBE_GROWTH = 1.5

/**
 * Tasks at once. The account's queue is shared with people and other machines, so its free places are found by trying:
 * a refusal shrinks the number of slots to what was accepted, and every acceptance lets one more try.
 */
export class Slots {
  readonly #queue: PQueue
  readonly #clock: Clock
  readonly #max: number
  /** Wakes refused submissions. Each holds its slot, so that nothing else starts in its place. */
  readonly #refused: (() => void)[] = []
  #probeMs = PROBE_MS
  #probe: AbortController | undefined

  constructor({ concurrency, clock }: SlotOptions) {
    this.#max = concurrency
    this.#queue = new PQueue({ concurrency })
    this.#clock = clock
  }

  /** Runs a task from its submission to its end, when there is a slot. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const whole = async () => {
      try {
        return await task()
      } finally {
        this.#wakeOne()
      }
    }
    return await enter(this.#queue, whole, { signal })
  }

  /** The service refused a submission for a full queue: resolves when it is worth another try. */
  async refused(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    let leave = () => {}
    try {
      await new Promise<void>((resolve, reject) => {
        leave = () => {
          this.#forget(resolve)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', leave, { once: true })
        // To the front: who was woken and refused again is still the next.
        this.#refused.unshift(resolve)
        this.#resize(this.running)
        if (!this.#probe) void this.#wakeByTime()
      })
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  /** The service accepted a submission: perhaps it takes one more. */
  accepted(): void {
    this.#probeMs = PROBE_MS
    if (this.#refused.length > 0) this.#wakeOne()
    else this.#resize(Math.max(this.size, this.#queue.pending + 1))
  }

  /** How many tasks the service takes at once, as far as is known. */
  get size(): number {
    return this.#queue.concurrency
  }

  get running(): number {
    return this.#queue.pending - this.#refused.length
  }

  get waiting(): number {
    return this.#queue.size + this.#refused.length
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
    if (this.#refused.length === 0) this.#probe?.abort()
  }

  /** Tasks of other people end without a word: one refused submission knocks again after a while. */
  async #wakeByTime(): Promise<void> {
    const probe = new AbortController()
    this.#probe = probe
    const pause = this.#probeMs
    this.#probeMs = Math.min(MAX_PROBE_MS, pause * PROBE_GROWTH)
    try {
      await this.#clock.sleep(pause, probe.signal)
      this.#wakeOne()
    } catch (error) {
      if (!probe.signal.aborted) throw error
    } finally {
      this.#probe = undefined
    }
    if (this.#refused.length > 0 && !this.#probe) void this.#wakeByTime()
  }

  #resize(size: number): void {
    this.#queue.concurrency = Math.min(this.#max, Math.max(1, size))
  }
}
