/** No answer of the service is older, or younger. */
const EARLIEST = Date.UTC(2020)
const LATEST = Date.UTC(2100)

/** Milliseconds, or what other servers and proxies make of them: seconds, microseconds, nanoseconds. */
const UNITS = [1, 1e3, 1e-3, 1e-6]

/** A moment in milliseconds since 1970 as the service tells it, in whatever unit; undefined when it cannot be one. */
export function readMoment(value: number | string): number | undefined {
  const number = typeof value === 'string' ? parseMoment(value) : value
  return UNITS.map((unit) => Math.round(number * unit)).find((ms) => ms >= EARLIEST && ms < LATEST)
}

function parseMoment(text: string): number {
  return /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : Date.parse(text)
}

/** Whether a moment can be written as records have it, with a year of four digits. */
export function isTellable(ms: number): boolean {
  return ms >= 0 && ms < LATEST
}
