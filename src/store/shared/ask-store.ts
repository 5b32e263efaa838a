import type { IncomingMessage } from 'node:http'
import { bytesOf, Fault, transfer, backoff, retryAfterMs } from '../../system/transfer.ts'
import type { Reply, Transfer } from '../../system/transfer.ts'
import { reachesDirectly, type Fetch } from '../../system/fetch.ts'
import { isLoopback } from '../../system/host.ts'
import { type Clock, createWatchdog } from '../../system/clock.ts'
import type { Environment } from '../../system/process.ts'

export interface StoreRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: Uint8Array | ReadableStream<Uint8Array> | undefined
}

/** Sends one request, once. @throws what the connection throws, also when `signal` ends it */
export type Exchange = (request: StoreRequest, signal: AbortSignal) => Promise<Reply>

/**
 * Files are read with Node's own client, which passes on bytes at a third of the cost of `fetch`; everything else uses
 * `fetch`.
 */
export function createExchange({ fetch, env }: { fetch: Fetch; env: Environment }): Exchange {
  return async (request, signal) => {
    const isPlain = request.method === 'GET' && reachesDirectly(request.url, env)
    const reply = isPlain ? await read(request, signal) : undefined
    return reply ?? (await sendByFetch(fetch, request, signal))
  }
}

/** Undefined for an answer that is compressed without having been asked for: `fetch` can read it. */
async function read({ url, headers }: StoreRequest, signal: AbortSignal): Promise<Reply | undefined> {
  const { get } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers: { ...LIKE_FETCH, ...headers }, signal }, resolve)
      .on('error', reject)
      // Needed even if no error precedes it: after an answer that changes the protocol.
      .on('close', () => reject(new Error('the connection was closed without an answer')))
  })
  if (!isAsWritten(message)) {
    message.destroy()
    return undefined
  }
  return {
    status: message.statusCode ?? 0,
    headers: headersOf(message),
    bytes: message,
  }
}

/** Whether the bytes are those of the file. What S3 clients call `aws-chunked` is not compressed. */
function isAsWritten({ headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding']
  return encoding === undefined || encoding === 'identity' || encoding === 'aws-chunked'
}

/** What every client says about itself: some servers refuse others. */
const LIKE_FETCH = { accept: '*/*', 'user-agent': 'node' }

function headersOf({ headers }: IncomingMessage): Reply['headers'] {
  return { get: (name) => [headers[name.toLowerCase()]].flat().join(', ') || null }
}

/** `fetch` sends the content length by itself, and undici sends no request that states it twice. */
function withoutLength(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'))
}

async function sendByFetch(
  fetch: Fetch,
  { method, url, headers, body }: StoreRequest,
  signal: AbortSignal,
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: body instanceof ReadableStream ? headers : withoutLength(headers),
    redirect: 'manual',
    credentials: 'omit',
    signal,
    ...(body === undefined ? {} : { body: body as BodyInit }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  return {
    status: response.status,
    headers: response.headers,
    bytes: bytesOf(response),
  }
}

/** What an exchange with a store needs from its environment. */
export interface StoreNetwork {
  exchange: Exchange
  clock: Clock
  /** Between 0 and 1, for jitter. */
  random: () => number
  /** Whether a request that failed this way may be repeated once. @default always */
  mayRepeat?: (fault: Fault) => boolean
}

export interface StoreQuestion<T> {
  /** The request, created and signed again for each attempt. */
  request(): Promise<StoreRequest>
  /** What the answer means. Throws a Fault if it is not a valid answer. */
  read(answer: Reply): Promise<T>
  /** How many bytes are transferred, as far as it is known: larger ones get more time. */
  bytes: number
  signal?: AbortSignal | undefined
}

const ATTEMPTS = 3
/** The silence that is tolerated, before an answer and within one. */
const IDLE_TIMEOUT_MS = 10_000
/** The minimum speed of a connection: a slower one is too slow, even if it keeps sending. */
const SLOWEST_BYTES_PER_MS = 50
const BASE_LIMIT_MS = 20_000
const PAUSES = { first: 200, max: 2_000 }
const MAX_PAUSE_MS = 5_000
const MAX_REDIRECTS = 3

/**
 * Queries a store, repeatedly if that may help, within a bounded time.
 *
 * @throws {Fault}; the reason of `signal`; what a sink throws for reasons of its own
 */
export async function askStore<T>(network: StoreNetwork, question: StoreQuestion<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(network, question)
    } catch (error) {
      question.signal?.throwIfAborted()
      if (!(error instanceof Fault) || !isWorthAnother(error, attempt)) throw error
      if (network.mayRepeat?.(error) === false) throw error
      const pause = Math.max(backoff(attempt, network.random(), PAUSES), error.retryAfterMs ?? 0)
      await network.clock.sleep(Math.min(pause, MAX_PAUSE_MS), question.signal)
    }
  }
}

/** After a time-out there is one more attempt, not two: a store must not delay a build for minutes. */
function isWorthAnother({ kind }: Fault, attempt: number): boolean {
  return (kind === 'transient' && attempt < ATTEMPTS) || (kind === 'slow' && attempt < 2)
}

async function askOnce<T>({ exchange, clock }: StoreNetwork, question: StoreQuestion<T>): Promise<T> {
  const request = await question.request()
  const limitMs = BASE_LIMIT_MS + question.bytes / SLOWEST_BYTES_PER_MS
  const limit = createWatchdog(clock, limitMs, question.signal)
  const way: Transfer = {
    // Credentials are for one host: whoever it redirects to gets none.
    send: (url, signal) =>
      exchange({ ...request, url, headers: url === request.url ? request.headers : {} }, signal),
    redirected: (location, from) => redirectTarget(location, from, request),
    maxRedirects: MAX_REDIRECTS,
    clock,
    idleMs: IDLE_TIMEOUT_MS,
    signal: limit.signal,
  }
  try {
    return await transfer(request.url, way, (reply) => {
      assertNotTransient(reply, clock.now())
      return question.read(reply)
    })
  } catch (error) {
    throw error instanceof Fault && limit.timedOut()
      ? new Fault('slow', 'was too slow', { cause: error })
      : error
  } finally {
    limit.stop()
  }
}

/** Only reads follow redirects. */
function redirectTarget(location: string, from: URL, { method }: StoreRequest): URL {
  if (method === 'PUT' || method === 'DELETE') {
    throw new Fault('refused', 'redirects writes, which is not followed')
  }
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined
  const isLocal = target !== undefined && isLoopback(target.hostname)
  const isAllowed = isLocal ? isLoopback(from.hostname) : target?.protocol === 'https:'
  if (target && isAllowed && !target.username && !target.password) return target
  throw new Fault('refused', 'redirects to an address that is not followed')
}

function assertNotTransient({ status, headers }: Reply, now: number): void {
  if (status < 500 && status !== 429 && status !== 408 && status !== 409) return
  // What is not implemented will not be implemented in a moment.
  if (status === 501) return
  throw new Fault('transient', `answered ${status}`, { retryAfterMs: retryAfterMs(headers, now) })
}
