import { type ApiFailure, apiFailureOf, type HttpMethod } from '../http.ts'
import { backoff, type BackoffSteps } from '../../system/transfer.ts'
import type { Clock } from '../../system/clock.ts'
import type { Log } from '../../system/logger.ts'
import type { Limits } from './limits.ts'

export interface FailedAttempt extends ApiFailure {
  /** The number of attempts, including this one. */
  attempt: number
  /** Between 0 and 1. */
  random: number
}

/** Reads are free, so they may be repeated. */
const MAX_READS = 5
/** A refusal because of the rate limit costs nothing, and is temporary. */
const MAX_RATE_LIMITED = 8
/** A longer wait than this is not worth delaying a build for, in milliseconds. */
const MAX_WAIT = 120_000
const READ_STEPS: BackoffSteps = { first: 500, max: 20_000 }
const RATE_LIMIT_STEPS: BackoffSteps = { first: 1000, max: 30_000 }

/**
 * Whether to send a failed call again: the pause before that in milliseconds, or `undefined` for never.
 *
 * A POST is paid for, and the service has no idempotency key: it is repeated only if the server said that it came too
 * fast, or provably never received it. Pauses do not help against a full task queue: see `Slots.submit`.
 */
export function nextDelay(failed: FailedAttempt): number | undefined {
  const { attempt, random, limit, retryAfterMs } = failed
  if (limit === 'queue' || !isRepeatable(failed)) return undefined
  if (attempt >= (limit === 'rate' ? MAX_RATE_LIMITED : MAX_READS)) return undefined
  if (retryAfterMs !== undefined && retryAfterMs > MAX_WAIT) return undefined
  const pause = backoff(attempt, random, limit === 'rate' ? RATE_LIMIT_STEPS : READ_STEPS)
  return Math.max(pause, retryAfterMs ?? 0)
}

function isRepeatable({ method, outcome, limit, status }: FailedAttempt): boolean {
  if (limit === 'rate' || outcome === 'not-sent') return true
  if (method === 'POST' || outcome === 'refused') return false
  // A redirect will not go away; any other unknown outcome may.
  return status === undefined || status < 300 || status >= 400
}

interface ScheduleOptions {
  limits: Pick<Limits, 'request' | 'rateLimited'>
  clock: Clock
  /** Between 0 and 1, for jitter. */
  random: () => number
  log?: Log | undefined
}

interface ScheduledCall {
  method: HttpMethod
  signal?: AbortSignal | undefined
  /** Leaves a failure to the caller. */
  once?: boolean | undefined
}

/**
 * Sends a call when its turn comes, and again if `nextDelay` says so. Once out of attempts, it throws the last error.
 */
export type Schedule = <T>(attempt: () => Promise<T>, call: ScheduledCall) => Promise<T>

/** Creates the {@link Schedule} of an API client: submissions go before reads. */
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
