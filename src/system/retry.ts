/** How pauses between attempts grow, in milliseconds. */
export interface BackoffSteps {
  first: number
  max: number
}

/**
 * The pause after the `attempt`-th attempt (from 1). It doubles up to a cap, and is randomly between half and all of
 * that, so that clients that failed together do not return together.
 *
 * `random` is between 0 and 1.
 */
export function backoff(attempt: number, random: number, { first, max }: BackoffSteps): number {
  const full = Math.min(max, first * 2 ** (attempt - 1))
  return Math.round(full * (0.5 + random / 2))
}

/**
 * How long a server asks us to wait, in milliseconds, from its `Retry-After` header: seconds or a date.
 *
 * A date is compared with the server's own `Date` if there is one, because its clock may differ from `now`.
 */
export function retryAfterMs(headers: Pick<Headers, 'get'>, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000)
  // `Date.parse` treats bare numbers as years.
  const moment = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(moment)) return undefined
  return Math.max(0, moment - (serverTime(headers) ?? now))
}

/** The server's clock when it answered, in milliseconds since 1970. */
export function serverTime(headers: Pick<Headers, 'get'>): number | undefined {
  const moment = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(moment) ? undefined : moment
}
