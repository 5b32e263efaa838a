import { backoff, retryAfterMs } from '../../system/retry.ts'
import type { Clock } from '../../system/clock.ts'
import { isLoopback } from '../../system/host.ts'
import { createWatchdog } from '../../system/watchdog.ts'
import type { Exchange, ReadHeaders, Reply, StoreRequest } from './exchange.ts'
import { brokenConnection, StoreFault } from './store-fault.ts'

/** What an exchange with a store needs from its environment. */
export interface StoreNetwork {
  exchange: Exchange
  clock: Clock
  /** Between 0 and 1, for jitter. */
  random: () => number
  /** Whether a request that failed this way may be repeated once. @default always */
  mayRepeat?: (fault: StoreFault) => boolean
}

/** An answer whose bytes may be read once. */
export interface StoreAnswer {
  status: number
  headers: ReadHeaders
  bytes: AsyncIterable<Uint8Array>
}

export interface StoreQuestion<T> {
  /** The request, created and signed again for each attempt. */
  request(): Promise<StoreRequest>
  /** What the answer means. Throws a StoreFault if it is not a valid answer. */
  read(answer: StoreAnswer): Promise<T>
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
 * @throws {StoreFault}; the reason of `signal`; what a sink throws for reasons of its own
 */
export async function askStore<T>(network: StoreNetwork, question: StoreQuestion<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(network, question)
    } catch (error) {
      question.signal?.throwIfAborted()
      if (!(error instanceof StoreFault) || !isWorthAnother(error, attempt)) throw error
      if (network.mayRepeat?.(error) === false) throw error
      const pause = Math.max(backoff(attempt, network.random(), PAUSES), error.retryAfterMs ?? 0)
      await network.clock.sleep(Math.min(pause, MAX_PAUSE_MS), question.signal)
    }
  }
}

/** After a time-out there is one more attempt, not two: a store must not delay a build for minutes. */
function isWorthAnother({ kind }: StoreFault, attempt: number): boolean {
  return (kind === 'transient' && attempt < ATTEMPTS) || (kind === 'slow' && attempt < 2)
}

async function askOnce<T>({ exchange, clock }: StoreNetwork, question: StoreQuestion<T>): Promise<T> {
  const request = await question.request()
  const idle = createWatchdog(clock, IDLE_TIMEOUT_MS, question.signal)
  const limit = createWatchdog(clock, BASE_LIMIT_MS + question.bytes / SLOWEST_BYTES_PER_MS, idle.signal)
  const explain = (error: unknown): unknown => {
    if (idle.timedOut() || limit.timedOut()) return new StoreFault('slow', 'was too slow', { cause: error })
    return error instanceof StoreFault ? error : brokenConnection(error)
  }
  const stop = new AbortController()
  const signal = AbortSignal.any([limit.signal, stop.signal])
  try {
    const reply = await follow(exchange, request, signal).catch((error: unknown) => {
      throw explain(error)
    })
    const { status, headers } = reply
    assertNotTransient(reply, clock.now())
    return await question.read({
      status,
      headers,
      bytes: watched(reply, { feed: idle.feed, explain, signal: limit.signal }),
    })
  } finally {
    idle.stop()
    limit.stop()
    // Closes a connection that nobody read to its end.
    stop.abort()
  }
}

/** Only reads follow redirects, and without credentials: those are for one host. */
async function follow(exchange: Exchange, request: StoreRequest, signal: AbortSignal): Promise<Reply> {
  let { url, headers } = request
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const reply = await exchange({ ...request, url, headers }, signal)
    const location = reply.headers.get('location')
    if (reply.status < 300 || reply.status >= 400 || location === null) return reply
    await reply.drop()
    if (request.method === 'PUT' || request.method === 'DELETE') {
      throw new StoreFault('refused', 'redirects writes, which is not followed')
    }
    url = redirectTarget(location, url)
    headers = {}
  }
  throw new StoreFault('refused', `redirects more than ${MAX_REDIRECTS} times`)
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined
  const isLocal = target !== undefined && isLoopback(target.hostname)
  const isAllowed = isLocal ? isLoopback(from.hostname) : target?.protocol === 'https:'
  if (target && isAllowed && !target.username && !target.password) return target
  throw new StoreFault('refused', 'redirects to an address that is not followed')
}

function assertNotTransient({ status, headers }: Reply, now: number): void {
  if (status < 500 && status !== 429 && status !== 408 && status !== 409) return
  // What is not implemented will not be implemented in a moment.
  if (status === 501) return
  throw new StoreFault('transient', `answered ${status}`, {
    retryAfterMs: retryAfterMs(headers, now),
  })
}

async function* watched(
  reply: Reply,
  { feed, explain, signal }: { feed(): void; explain(error: unknown): unknown; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const bytes = reply.bytes[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await bytes.next().catch((error: unknown) => {
        throw explain(error)
      })
      // A time-out may end the bytes without an error, before all of them were passed on.
      if (step.done && signal.aborted) throw explain(signal.reason)
      if (step.done) return
      feed()
      yield step.value
    }
  } finally {
    await bytes.return?.()
  }
}
