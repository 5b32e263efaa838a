import { BlockList, isIPv6 } from 'node:net'
import { bytesOf, backoff, retryAfterMs, Fault, transfer } from '../system/transfer.ts'
import type { BackoffSteps, FaultKind, Reply } from '../system/transfer.ts'
import type { Clock } from '../system/clock.ts'
import { hasCode, MeshyError } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { type Fetch } from '../system/fetch.ts'
import { isLoopback } from '../system/host.ts'
import type { Log } from '../system/logger.ts'
import { stripQuery } from '../system/redact.ts'

export interface DownloadOptions<T> {
  /** The address of the API that named the file. */
  toldBy: string
  fetch: Fetch
  clock: Clock
  /**
   * Receives the bytes of one attempt: the whole file again if an attempt fails. If it throws `MESHY_DOWNLOAD_INVALID`,
   * there is another attempt; its other errors end the download.
   */
  sink(bytes: AsyncIterable<Uint8Array>): Promise<T>
  /** The maximum size in bytes; 2 GiB by default. */
  maxBytes?: number | undefined
  /** Returns a fresh address after this one has expired; called at most once. */
  refresh?: (() => Promise<string>) | undefined
  /** Between 0 and 1, for jitter. */
  random?: (() => number) | undefined
  signal?: AbortSignal | undefined
  log?: Log | undefined
}

const MAX_BYTES = 2 * 1024 ** 3
/** A connection that brings less than this in this time is given up: lines are slow, but no line is that slow. */
const MIN_BYTES = 16 * 1024
const IDLE_TIMEOUT_MS = 60_000
const MAX_REDIRECTS = 5
const MAX_ATTEMPTS = 5
const STEPS: BackoffSteps = { first: 500, max: 10_000 }
const MAX_WAIT_MS = 60_000

/**
 * Fetches a file of a task into a sink, without any credentials, and returns what the sink returns.
 *
 * @throws {MeshyError} `MESHY_DOWNLOAD_FAILED`, `MESHY_DOWNLOAD_INVALID`, `MESHY_DOWNLOAD_URL`, or whatever the sink or
 * `refresh` throws.
 */
export async function download<T>(url: string, options: DownloadOptions<T>): Promise<T> {
  const { clock, signal, random = Math.random, log } = options
  let address = url
  let refresh = options.refresh
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchOnce(address, options)
    } catch (error) {
      signal?.throwIfAborted()
      const fault = faultOf(error)
      log?.(`download of ${stripQuery(address)}: ${fault.message}`)
      if (fault.kind === 'expired' && refresh) {
        address = await refresh()
        refresh = undefined
        continue
      }
      if (!mayPass(fault) || attempt >= MAX_ATTEMPTS) throw downloadError(fault, address)
      const pause = Math.max(backoff(attempt, random(), STEPS), fault.retryAfterMs ?? 0)
      await clock.sleep(Math.min(pause, MAX_WAIT_MS), signal)
    }
  }
}

/** The file arrived, but is not what it should be. */
class InvalidFile extends Fault {}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (!hasCode(error, 'MESHY_DOWNLOAD_INVALID')) throw error
  return new InvalidFile('transient', error.message, { cause: error })
}

function mayPass({ kind }: Fault): boolean {
  return kind === 'transient' || kind === 'slow'
}

/** The error that a download ends with. An error of the sink is passed on unchanged. */
function downloadError(fault: Fault, url: string): MeshyError {
  if (fault.cause instanceof MeshyError) return fault.cause
  const code = fault instanceof InvalidFile ? 'MESHY_DOWNLOAD_INVALID' : 'MESHY_DOWNLOAD_FAILED'
  return new MeshyError(code, {
    message: `The host of \`${stripQuery(url)}\` ${fault.message}.`,
    hint: failures[code].next,
    details: { url: stripQuery(url), status: fault.status, expired: fault.kind === 'expired' },
    cause: fault.cause,
  })
}

function fetchOnce<T>(url: string, options: DownloadOptions<T>): Promise<T> {
  const { toldBy, fetch, clock, signal, sink, log } = options
  const send = async (address: URL, ending: AbortSignal): Promise<Reply> => {
    const response = await fetch(address, {
      // With compression, the length would say nothing about the bytes; models do not get smaller anyway.
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      redirect: 'manual',
      credentials: 'omit',
      signal: ending,
    })
    log?.(`GET ${stripQuery(address.href)} ${response.status}`)
    return { status: response.status, headers: response.headers, bytes: bytesOf(response) }
  }
  const redirected = (location: string, from: URL) =>
    assertFileUrl(URL.canParse(location, from) ? new URL(location, from).href : location, from)
  return transfer(
    assertFileUrl(url, new URL(toldBy)),
    {
      send,
      redirected,
      maxRedirects: MAX_REDIRECTS,
      clock,
      idleMs: IDLE_TIMEOUT_MS,
      minBytes: MIN_BYTES,
      signal,
    },
    (reply) => {
      assertFile(reply, clock.now())
      return sink(checkedBytes(reply, options))
    },
  )
}

function assertFile({ status, headers }: Reply, now: number): void {
  if (status === 200) {
    if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return
    throw new InvalidFile('transient', 'sent an HTML page instead of the file')
  }
  throw new Fault(kindOf(status), `answered ${status}`, { status, retryAfterMs: retryAfterMs(headers, now) })
}

function kindOf(status: number): FaultKind {
  // Some stores answer 400 to a signature that has expired.
  if ([400, 401, 403, 404, 410].includes(status)) return 'expired'
  return status >= 500 || status === 408 || status === 429 ? 'transient' : 'refused'
}

/** In bytes, if it is known and counts the bytes that follow. */
function lengthOf({ headers }: Reply): number | undefined {
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined
}

async function* checkedBytes<T>(
  reply: Reply,
  { maxBytes = MAX_BYTES }: DownloadOptions<T>,
): AsyncGenerator<Uint8Array> {
  const contentLength = lengthOf(reply)
  const tooLarge = () => new InvalidFile('refused', `sent more than ${maxBytes} bytes`)
  if (contentLength !== undefined && contentLength > maxBytes) throw tooLarge()
  let count = 0
  for await (const chunk of reply.bytes) {
    count += chunk.byteLength
    if (count > maxBytes) throw tooLarge()
    yield chunk
  }
  if (contentLength !== undefined && count !== contentLength) {
    throw new InvalidFile('transient', `sent ${count} of the ${contentLength} bytes that it announced`)
  }
}

/** Addresses of private networks, or of no place at all; IPv4 addresses count even if they are written as IPv6. */
const PRIVATE = subnets([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
])

/** Whether a host name, as in `URL.hostname`, is this machine, or an address outside the internet. */
function isPrivateHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|[\].]$/g, '')
  if (isLoopback(hostname) || isLoopback(address)) return true
  return PRIVATE.check(address, familyOf(address))
}

function subnets(nets: readonly [net: string, prefix: number][]): Pick<BlockList, 'check'> {
  const list = new BlockList()
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, familyOf(net))
  return list
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/**
 * An address that a file may be fetched from: https, or http on this machine. A remote party, be it the API or a
 * redirect, must not send us to this machine or into a private network: what listens there is none of its business.
 */
function assertFileUrl(text: string, from: URL): URL {
  if (!URL.canParse(text)) throw badUrl('something that is not a URL')
  const url = new URL(text)
  if (url.username || url.password) throw badUrl('an address with a user name or password')
  const isLocal = isLoopback(url.hostname)
  if (isLocal && !isLoopback(from.hostname)) throw badUrl(`\`${url.origin}\`, which is this machine`)
  if (isPrivateHost(url.hostname) && !isPrivateHost(from.hostname)) {
    throw badUrl(`\`${url.origin}\`, which is in a private network`)
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url
  throw badUrl(`\`${stripQuery(url.href).slice(0, 200)}\``)
}

function badUrl(shown: string): MeshyError {
  return new MeshyError('MESHY_DOWNLOAD_URL', {
    message: `A file of the task would be fetched from ${shown}; expected an https address.`,
    hint: failures.MESHY_DOWNLOAD_URL.next,
  })
}
