import type { Clock } from '../system/clock.ts'
import type { Fetch } from '../system/fetch.ts'
import { createRedactor, redactError } from '../system/redact.ts'
import { createWatchdog, type Watchdog } from '../system/watchdog.ts'
import { bytesOf } from '../system/bytes.ts'
import { retryAfterMs } from '../system/retry.ts'
import { assertFileUrl } from './file-url.ts'

/** Receives the bytes of one attempt. It may be called again, with the whole file, if an attempt fails. */
export type Sink<T> = (bytes: AsyncIterable<Uint8Array>) => Promise<T>

export interface FetchFileOptions<T> {
  /** The address of the API that named the file. */
  toldBy: string
  fetch: Fetch
  clock: Clock
  sink: Sink<T>
  /** The maximum size in bytes; 2 GiB by default. */
  maxBytes?: number | undefined
  /** The maximum silence in milliseconds; a minute by default. */
  idleMs?: number | undefined
  /** Called with the bytes of the current attempt so far. */
  onProgress?: ((bytes: number, total: number | undefined) => void) | undefined
  signal?: AbortSignal | undefined
}

/** One attempt in progress. */
interface Attempt {
  fetch: Fetch
  now: number
  /** Aborting it ends the attempt. */
  signal: AbortSignal
  watchdog: Watchdog
  idleMs: number
}

const MAX_BYTES = 2 * 1024 ** 3
const IDLE_TIMEOUT_MS = 60_000
const MAX_REDIRECTS = 5

/** One attempt to fetch a file into a sink. Throws a `DownloadFault`, or anything else that must end the download. */
export async function fetchFile<T>(url: string, options: FetchFileOptions<T>): Promise<T> {
  const { fetch, clock, signal, sink, idleMs = IDLE_TIMEOUT_MS } = options
  const watchdog = createWatchdog(clock, idleMs, signal)
  const stop = new AbortController()
  const attempt: Attempt = {
    fetch,
    now: clock.now(),
    signal: AbortSignal.any([watchdog.signal, stop.signal]),
    watchdog,
    idleMs,
  }
  try {
    const response = await follow(assertFileUrl(url, new URL(options.toldBy)), attempt)
    let broken: unknown
    const bytes = watchOver(checkedBytes(response, options), attempt, (fault) => (broken = fault))
    try {
      return await sink(bytes)
    } catch (error) {
      // A sink reports a broken stream in its own words; ours say what to do about it.
      throw broken ?? error
    }
  } finally {
    watchdog.stop()
    // Closes a connection that the sink did not read to its end.
    stop.abort()
  }
}

/** Follows redirects by hand: each address is checked before anything is sent to it. */
async function follow(first: URL, attempt: Attempt): Promise<Response> {
  let address = first
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await request(address, attempt)
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) return accept(response, attempt)
    await response.body?.cancel()
    address = assertFileUrl(
      URL.canParse(location, address) ? new URL(location, address).href : location,
      address,
    )
  }
  throw new DownloadFault('final', { message: `redirects more than ${MAX_REDIRECTS} times` })
}

async function request(address: URL, attempt: Attempt): Promise<Response> {
  try {
    return await attempt.fetch(address, {
      // With compression, the length would say nothing about the bytes; models do not get smaller anyway.
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      redirect: 'manual',
      credentials: 'omit',
      signal: attempt.signal,
    })
  } catch (error) {
    throw brokenBy(error, attempt)
  }
}

function accept(response: Response, { now }: Attempt): Response {
  const { status, headers } = response
  if (status === 200) {
    if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return response
    throw new DownloadFault('transient', {
      message: 'sent an HTML page instead of the file',
      isInvalid: true,
    })
  }
  const init = { message: `answered ${status}`, status, retryAfterMs: retryAfterMs(headers, now) }
  if ([401, 403, 404, 410].includes(status)) throw new DownloadFault('expired', init)
  throw new DownloadFault(status >= 500 || status === 408 || status === 429 ? 'transient' : 'final', init)
}

/** In bytes, if it is known and counts the bytes that follow. */
function lengthOf({ headers }: Response): number | undefined {
  const length = headers.has('content-encoding') ? null : headers.get('content-length')
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined
}

async function* checkedBytes<T>(
  response: Response,
  { maxBytes = MAX_BYTES, onProgress }: FetchFileOptions<T>,
): AsyncGenerator<Uint8Array> {
  const contentLength = lengthOf(response)
  const tooLarge = () =>
    new DownloadFault('final', { message: `sent more than ${maxBytes} bytes`, isInvalid: true })
  if (contentLength !== undefined && contentLength > maxBytes) throw tooLarge()
  let count = 0
  for await (const chunk of bytesOf(response)) {
    count += chunk.byteLength
    if (count > maxBytes) throw tooLarge()
    onProgress?.(count, contentLength)
    yield chunk
  }
  if (contentLength !== undefined && count !== contentLength) {
    const message = `sent ${count} of the ${contentLength} bytes that it announced`
    throw new DownloadFault('transient', { message, isInvalid: true })
  }
}

/** Feeds the watchdog, and reports what broke the stream: only that, not what the sink may throw into it. */
async function* watchOver(
  bytes: AsyncGenerator<Uint8Array>,
  attempt: Attempt,
  onBroken: (fault: DownloadFault) => void,
): AsyncGenerator<Uint8Array> {
  const next = async () => {
    try {
      return await bytes.next()
    } catch (error) {
      const fault = brokenBy(error, attempt)
      onBroken(fault)
      throw fault
    }
  }
  try {
    for (let step = await next(); !step.done; step = await next()) {
      attempt.watchdog.feed()
      yield step.value
    }
  } finally {
    await bytes.return(undefined)
  }
}

function brokenBy(error: unknown, { watchdog, idleMs }: Attempt): DownloadFault {
  if (error instanceof DownloadFault) return error
  if (watchdog.timedOut()) {
    return new DownloadFault('transient', {
      message: `sent nothing for ${Math.round(idleMs / 1000)} seconds`,
    })
  }
  const cause = redactError(error, createRedactor([]))
  const reason = cause.cause instanceof Error ? cause.cause.message : cause.message
  return new DownloadFault('transient', { message: `broke the connection (${reason})`, cause })
}

/**
 * The outcome of one attempt: `transient` may go away by itself, `expired` with a fresh address, `final` not at all.
 */
export type FaultKind = 'transient' | 'expired' | 'final'

export interface FaultInit {
  /** A sentence without subject and period: `answered 404`. */
  message: string
  /** The file arrived, but is not what it should be. */
  isInvalid?: boolean | undefined
  status?: number | undefined
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** A failed attempt to fetch a file. Never leaves the download, which turns it into a `MeshyError`. */
export class DownloadFault extends Error {
  override readonly name = 'DownloadFault'
  readonly kind: FaultKind
  readonly isInvalid: boolean
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(kind: FaultKind, init: FaultInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.kind = kind
    this.isInvalid = init.isInvalid ?? false
    this.status = init.status
    this.retryAfterMs = init.retryAfterMs
  }
}
