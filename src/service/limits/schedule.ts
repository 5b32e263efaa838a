import { apiFailureOf, type HttpMethod } from '../../system/errors.ts'
import type { Clock } from '../../system/clock.ts'
import type { Log } from '../../system/logger.ts'
import type { Limits } from './limits.ts'
import { nextDelay } from './retry.ts'

export interface ScheduleOptions {
  limits: Pick<Limits, 'request' | 'rateLimited'>
  clock: Clock
  /** Between 0 and 1, for jitter. */
  random: () => number
  log?: Log | undefined
}

export interface ScheduledCall {
  method: HttpMethod
  signal?: AbortSignal | undefined
  /** Leaves a failure to the caller. */
  once?: boolean | undefined
}

/** Sends a call when its turn comes, and again when `nextDelay` says so. Out of attempts, it throws the last error. */
export type Schedule = <T>(attempt: () => Promise<T>, call: ScheduledCall) => Promise<T>

/** Makes the {@link Schedule} of an API client: submissions go before reads. */
export function createSchedule({ limits, clock, random, log }: ScheduleOptions): Schedule {
  return async (attempt, { method, signal, once = false }) => {
    const priority = method === 'POST' ? 1 : 0
    for (let count = 1; ; count += 1) {
      try {
        return await limits.request(attempt, { priority, signal })
      } catch (error) {
        const failure = apiFailureOf(error)
        if (failure?.limit === 'rate') limits.rateLimited(failure.retryAfterMs)
        const pause = failure && !once && nextDelay({ ...failure, attempt: count, random: random() })
        if (pause === undefined || pause === false) throw error
        log?.(`${method} again in ${pause} ms, after attempt ${count}`)
        await clock.sleep(pause, signal)
      }
    }
  }
}
