import { isMeshyError } from './errors.ts'

export type HttpMethod = 'GET' | 'POST' | 'DELETE'

/**
 * What is known about a call that failed, in the details of its error.
 *
 * `refused`: the server said no. `not-sent`: it provably never got the call. `unknown`: it may have acted on it, so
 * a paid call must not be repeated.
 */
export type Outcome = 'refused' | 'not-sent' | 'unknown'

/** The details of every error of the API client, as whoever sends or pays needs them. */
export interface ApiFailure {
  method: HttpMethod
  outcome: Outcome
  /** The HTTP status, when there was an answer. */
  status?: number | undefined
  /** Which limit a 429 is about: requests a second, or tasks at once. */
  limit?: 'rate' | 'queue' | undefined
  /** How long the server asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined
  /** What support asks for. */
  requestId?: string | undefined
}

/** The facts of a failed API call, or `undefined` for every other error. */
export function apiFailureOf(error: unknown): ApiFailure | undefined {
  if (!isMeshyError(error)) return undefined
  const { method, outcome } = error.details
  if (typeof method !== 'string' || typeof outcome !== 'string') return undefined
  // Only the API client sets these two, and it sets them from an `ApiFailure`.
  return error.details as unknown as ApiFailure
}
