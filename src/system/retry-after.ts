/**
 * How long a server asks us to wait, in milliseconds, by its `Retry-After` header: seconds or a date.
 *
 * A date is read against the server's own `Date` where there is one, since its clock may differ from `now`.
 */
export function retryAfterMs(headers: Pick<Headers, 'get'>, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000)
  // `Date.parse` takes bare numbers for years.
  const moment = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(moment)) return undefined
  return Math.max(0, moment - (serverTime(headers) ?? now))
}

/** The server's clock when it answered, in milliseconds since 1970. */
export function serverTime(headers: Pick<Headers, 'get'>): number | undefined {
  const moment = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(moment) ? undefined : moment
}
