import type { Clock } from '../../system/clock.ts'
import type { EnterOptions } from './enter.ts'
import { Pace } from './pace.ts'
import { Slots } from './slots.ts'

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
  /** The service answered `RateLimitExceeded`. */
  rateLimited(retryAfterMs?: number): void
  /** The service answered `NoMoreConcurrentTasks`: resolves when the submission is worth another try. */
  queueFull(signal?: AbortSignal): Promise<void>
  /** The service accepted a submission. */
  accepted(): void
}

/** Creates the limits of one account in one process. */
export function createLimits({ requestsPerSecond, concurrency, clock }: LimitsOptions): Limits {
  const pace = new Pace({ requestsPerSecond, clock })
  const slots = new Slots({ concurrency, clock })
  return {
    request: (send, options) => pace.run(send, options),
    slot: (task, { signal } = {}) => slots.run(task, signal),
    rateLimited: (retryAfterMs) => pace.slowDown(retryAfterMs),
    queueFull: (signal) => slots.refused(signal),
    accepted: () => slots.accepted(),
  }
}
