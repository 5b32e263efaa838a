import { MeshyError, messageOf } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { type Clock, createWatchdog, elapsedAt, type Watchdog } from '../system/clock.ts'
import type { Log } from '../system/logger.ts'
import { type Fetch } from '../system/fetch.ts'
import { assertBaseUrl } from '../system/host.ts'
import { isTellable } from './task.ts'
import { createRedactor } from '../system/redact.ts'
import { bytesOf, serverTime } from '../system/transfer.ts'
import { badResponse, isHtml, networkFailure, refusal, timedOut } from './http.ts'
import type { BadAnswer, CallName } from './http.ts'
import { parseJson } from '../system/json.ts'

export interface TransportOptions {
  /** `https://api.meshy.ai`; https, or http on this machine. */
  baseUrl: string
  /** Without one, every call fails with `MESHY_AUTH_MISSING`. */
  apiKey: string | undefined
  fetch: Fetch
  clock: Clock
  log?: Log | undefined
}

export interface CallOptions {
  signal?: AbortSignal | undefined
  /** Replaces `signal` while the call waits for its turn: gives the call up, but does not affect what was sent. */
  turn?: AbortSignal | undefined
}

/** What is about to be sent. */
export interface Sending {
  /** Whether it carries the `name` by which its task can be found. */
  named: boolean
  /** How long to wait for its answer, in milliseconds. */
  idleMs: number
}

export interface SubmitOptions extends CallOptions {
  /**
   * Called when the turn has come, right before each time the request is sent. If it throws, the request is not sent.
   */
  beforeSend?: ((sending: Sending) => Promise<void>) | undefined
}

/** One HTTP call, sent once. */
export interface Call extends CallName, CallOptions {
  query?: Record<string, string> | undefined
  /** JSON text. */
  body?: string | undefined
  accept?: string | undefined
  /** The maximum silence in milliseconds; half a minute by default. */
  idleMs?: number | undefined
  /** Called when the turn has come, right before it is sent. */
  beforeSend?: (() => Promise<void>) | undefined
}

/** An answer whose body has not been read yet. `watchdog.stop()` must follow. */
export interface Opened {
  response: Response
  watchdog: Watchdog
  /** What to throw for an error that occurred while the body was read. */
  failure(error: unknown): unknown
}

/** The JSON of an answer, and what to throw if it is not as promised. */
interface JsonAnswer {
  value: unknown
  bad(problem: string): MeshyError
}

/** Sends a call, now or later, once or more often. */
export type SendJson = (call: Call) => Promise<JsonAnswer>

/** The common prefix of the reference's paths. */
export const API_ROOT = '/openapi/v1'

const IDLE_TIMEOUT_MS = 30_000
const MAX_TEXT_BYTES = 32 * 1024 * 1024
/** Answers are small: one that trickles for this long never ends. */
const MAX_TEXT_MS = 300_000

/** The way to the API: the key is sent only there, in one header, and never along a redirect. */
export function createTransport(options: TransportOptions) {
  const { apiKey, clock, log } = options
  const baseUrl = assertBaseUrl(options.baseUrl)
  if (apiKey !== undefined) assertKey(apiKey)
  const redact = createRedactor([apiKey])
  let skew: number | undefined

  /** Sends a call and returns its 2xx answer; everything else is thrown. */
  async function open(call: Call): Promise<Opened> {
    if (apiKey === undefined) throw keyMissing(call)
    const { idleMs = IDLE_TIMEOUT_MS } = call
    const watchdog = createWatchdog(clock, idleMs, call.signal)
    const failure = (error: unknown) => {
      if (call.signal?.aborted) return call.signal.reason
      if (error instanceof MeshyError) return error
      return watchdog.timedOut() ? timedOut(call, idleMs) : networkFailure(call, error, redact)
    }
    try {
      const response = await options.fetch(urlOf(baseUrl, call), requestInit(call, apiKey, watchdog.signal))
      watchdog.feed()
      const theirs = serverTime(response.headers)
      if (theirs !== undefined && isTellable(theirs)) skew = theirs - clock.now()
      log?.(`${call.method} ${call.path} ${response.status}`)
      if (response.ok) return { response, watchdog, failure }
      const answer = { ...(await readAnswer({ response, watchdog, failure }, clock)), now: clock.now() }
      throw refusal(call, answer, redact)
    } catch (error) {
      watchdog.stop()
      const told = failure(error)
      log?.(`${call.method} ${call.path} failed: ${messageOf(told)}`)
      throw told
    }
  }

  /** The same with the body as text. */
  async function text(call: Call): Promise<BadAnswer> {
    const opened = await open(call)
    try {
      return { ...(await readAnswer(opened, clock)), now: clock.now() }
    } catch (error) {
      throw opened.failure(error)
    } finally {
      opened.watchdog.stop()
    }
  }

  /** The same with the body as JSON. */
  async function json(call: Call): Promise<JsonAnswer> {
    const answer = await text(call)
    const bad = (problem: string) => badResponse(call, answer, problem)
    const value = parseJson(answer.text)
    if (value === undefined) throw bad(isHtml(answer.text) ? 'an HTML page' : 'a body that is not JSON')
    return { value, bad }
  }

  /** The server's clock, as far as an answer has reported it; milliseconds since 1970. */
  const serverNow = () => (skew === undefined ? undefined : clock.now() + skew)
  return { open, text, json, serverNow }
}

function urlOf(baseUrl: string, call: Call): string {
  // URLSearchParams writes `+` as %2B; left alone, it would be a space to the server.
  const query = new URLSearchParams(call.query ?? {}).toString()
  return `${baseUrl}${call.path}${query && `?${query}`}`
}

function requestInit(call: Call, apiKey: string, signal: AbortSignal): RequestInit {
  const json = call.body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    method: call.method,
    headers: { accept: call.accept ?? 'application/json', authorization: `Bearer ${apiKey}`, ...json },
    body: call.body ?? null,
    // A redirect would send the key wherever it points.
    redirect: 'manual',
    signal,
  }
}

async function readAnswer({ response, watchdog }: Opened, clock: Clock): Promise<Omit<BadAnswer, 'now'>> {
  const decoder = new TextDecoder()
  const begunAt = elapsedAt(clock)
  let text = ''
  let bytes = 0
  for await (const chunk of bytesOf(response)) {
    watchdog.feed()
    bytes += chunk.byteLength
    if (bytes > MAX_TEXT_BYTES) throw new Error(`The answer is longer than ${MAX_TEXT_BYTES} bytes.`)
    if (elapsedAt(clock) - begunAt > MAX_TEXT_MS) throw new Error('The answer does not end.')
    text += decoder.decode(chunk, { stream: true })
  }
  return { status: response.status, headers: response.headers, text: text + decoder.decode() }
}

/** Rejected here, because the library that would reject it later shows the whole header. */
function assertKey(apiKey: string): void {
  if (/^[\x21-\x7e]+$/.test(apiKey)) return
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: 'The API key is empty, or contains spaces or characters that are not allowed in an HTTP header.',
    hint: 'Copy the key into MESHY_API_KEY again.',
  })
}

function keyMissing(call: Call): MeshyError {
  return new MeshyError('MESHY_AUTH_MISSING', {
    message: `There is no API key for \`${call.method} ${call.path}\`.`,
    hint: failures.MESHY_AUTH_MISSING.next,
  })
}
