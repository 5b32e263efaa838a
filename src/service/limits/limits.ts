import type { Clock } from '../../system/clock.ts'
import type { EnterOptions } from './enter.ts'
import { Pace } from './pace.ts'
import { Slots, type SlotSubmission } from './slots.ts'

export interface LimitsOptions {
  /** The number of requests that may start per second. */
  requestsPerSecond: number
  /** Maximum number of concurrent tasks. */
  concurrency: number
  clock: Clock
}

/** The two limits of an account, each with its own queue: requests per second, and concurrent tasks. */
export interface Limits {
  /** Sends one request when its turn comes: evenly spaced, higher priority first. */
  request<T>(send: () => Promise<T>, options?: EnterOptions): Promise<T>
  /** Runs a task from its submission to its end at the service, once there is a slot. Excludes its downloads. */
  slot<T>(task: () => Promise<T>, options?: { signal?: AbortSignal | undefined }): Promise<T>
  /** Submits from inside a slot, again after the service answered `NoMoreConcurrentTasks`. */
  submit<T>(post: () => Promise<T>, options: SlotSubmission<T>): Promise<T>
  /** The service answered `RateLimitExceeded`. */
  rateLimited(retryAfterMs?: number): void
}

/** Creates the limits of one account in one process. */
export function createLimits({ requestsPerSecond, concurrency, clock }: LimitsOptions): Limits {
  const pace = new Pace({ requestsPerSecond, clock })
  const slots = new Slots({ concurrency, clock })
  return {
    request: (send, options) => pace.run(send, options),
    slot: (task, { signal } = {}) => slots.run(task, signal),
    submit: (post, options) => slots.submit(post, options),
    rateLimited: (retryAfterMs) => pace.slowDown(retryAfterMs),
  }
}
