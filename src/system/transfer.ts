import { type Clock, createWatchdog, type Watchdog } from './clock.ts'
import { innermost } from './errors.ts'
import { createRedactor, redactError } from './redact.ts'

/**
 * Why a request failed:
 *
 * - `transient`: it may succeed in a moment (5xx, 429, a broken connection).
 * - `slow`: it used up its time.
 * - `expired`: it may succeed at another address.
 * - `refused`: it understood and refused.
 * - `damaged`: it has other bytes under the name of a file, which can be replaced.
 * - `wrong`: it returned something else that was not requested.
 */
export type FaultKind = 'transient' | 'slow' | 'expired' | 'refused' | 'damaged' | 'wrong'

interface FaultInit {
  status?: number | undefined
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** A request that failed, for whoever decides whether to repeat it. */
export class Fault extends Error {
  override name = 'Fault'
  readonly kind: FaultKind
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined

  /** @param message continues the name of the server: `answered 503` */
  constructor(kind: FaultKind, message: string, { status, retryAfterMs, cause }: FaultInit = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** For what may as well fail. */
export function ignoreFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error
}

/** The answer of a server, even if that is a redirect. */
export interface Reply {
  status: number
  /** All that we need from headers: creating real ones loads the whole of `fetch`. */
  headers: Pick<Headers, 'get'>
  /** May be read once. */
  bytes: AsyncIterable<Uint8Array>
}

/** How to send a request, and for how long. */
export interface Transfer {
  /** Sends it to an address, once. Redirects are answers. */
  send(url: URL, signal: AbortSignal): Promise<Reply>
  /** Where a redirect leads. Throws if it must not be followed. */
  redirected(location: string, from: URL): URL
  maxRedirects: number
  clock: Clock
  /** The silence that is tolerated before an answer, and within one. */
  idleMs: number
  /** How many bytes end a silence; one by default. */
  minBytes?: number | undefined
  signal?: AbortSignal | undefined
}

/**
 * Sends a request and passes the answer to `read`; then all connections are closed. A connection that fails, breaks or
 * falls silent is a {@link Fault}, even if `read` reports it in its own words. Other errors are passed on.
 */
export async function transfer<T>(url: URL, way: Transfer, read: (reply: Reply) => Promise<T>): Promise<T> {
  const { idleMs, minBytes = 1 } = way
  const watchdog = createWatchdog(way.clock, idleMs, way.signal)
  const little = minBytes > 1 ? `less than ${minBytes} bytes` : 'nothing'
  const stop = new AbortController()
  let broken: Fault | undefined
  const explain =
    (problem: string) =>
    (error: unknown): never => {
      broken = watchdog.timedOut()
        ? new Fault('slow', `sent ${little} for ${Math.round(idleMs / 1000)} seconds`, { cause: error })
        : brokenConnection(problem, error)
      throw broken
    }
  const signal = AbortSignal.any([watchdog.signal, stop.signal])
  try {
    const send = (to: URL) => way.send(to, signal).catch(explain('could not be reached'))
    const reply = await follow(url, send, way)
    watchdog.feed()
    const bytes = watched(reply.bytes, { watchdog, minBytes, explain: explain('broke the connection') })
    return await read({ ...reply, bytes })
  } catch (error) {
    throw broken ?? error
  } finally {
    watchdog.stop()
    stop.abort()
  }
}

function brokenConnection(problem: string, error: unknown): Fault {
  const cause = redactError(error, createRedactor([]))
  return new Fault('transient', `${problem} (${innermost(cause)})`, { cause })
}

/** By hand: each address is checked before anything is sent to it. */
async function follow(
  first: URL,
  send: (url: URL) => Promise<Reply>,
  { redirected, maxRedirects }: Transfer,
): Promise<Reply> {
  let url = first
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const reply = await send(url)
    const location = reply.headers.get('location')
    if (reply.status < 300 || reply.status >= 400 || location === null) return reply
    url = redirected(location, url)
  }
  throw new Fault('refused', `redirects more than ${maxRedirects} times`)
}

interface Watching {
  watchdog: Watchdog
  minBytes: number
  explain: (error: unknown) => never
}

/** Feeds the watchdog, and explains what breaks the bytes: only that, not what their reader may throw into them. */
async function* watched(
  source: AsyncIterable<Uint8Array>,
  { watchdog, minBytes, explain }: Watching,
): AsyncGenerator<Uint8Array> {
  const { feed, signal } = watchdog
  const bytes = source[Symbol.asyncIterator]()
  let unfed = 0
  try {
    for (;;) {
      const step = await bytes.next().catch(explain)
      // Being aborted may end the bytes without an error, before all of them were passed on.
      if (step.done && signal.aborted) explain(signal.reason)
      if (step.done) return
      unfed += step.value.byteLength
      if (unfed >= minBytes) {
        unfed = 0
        feed()
      }
      yield step.value
    }
  } finally {
    await bytes.return?.()
  }
}

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

/** The bytes of a response as they arrive. Leaving the loop early closes the connection. */
export function bytesOf(response: Response): AsyncIterable<Uint8Array> {
  // Node's streams can be iterated, but TypeScript's DOM types do not say so.
  const body = response.body as AsyncIterable<Uint8Array> | null
  return body ?? nothing()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
