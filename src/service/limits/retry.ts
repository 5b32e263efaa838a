import type { ApiFailure } from '../../system/errors.ts'
import { backoff, type BackoffSteps } from '../../system/retry.ts'

export interface FailedAttempt extends ApiFailure {
  /** How many attempts there were, this one included. */
  attempt: number
  /** Between 0 and 1. */
  random: number
}

/** Reads are free: they may be repeated. */
const MAX_READS = 5
/** A refusal for haste costs nothing, and passes. */
const MAX_RATE_LIMITED = 8
/** A longer wait than this is not worth keeping a build for, in milliseconds. */
const MAX_WAIT = 120_000
const READ_STEPS: BackoffSteps = { first: 500, max: 20_000 }
const RATE_LIMIT_STEPS: BackoffSteps = { first: 1000, max: 30_000 }

/**
 * Whether a failed call is sent again: the pause before it in milliseconds, or `undefined` for never.
 *
 * A POST is paid, and the service has no idempotency key: it is repeated only when the server said that it came too
 * fast, or provably never got it. A full task queue is no matter of pauses: see `submit`.
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
  // A redirect will not go away; everything else that is unknown may.
  return status === undefined || status < 300 || status >= 400
}
