import { z } from 'zod'
import { innermost, isMeshyError, MeshyError, type ErrorCode } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { redactError, type Redactor } from '../system/redact.ts'
import { retryAfterMs } from '../system/transfer.ts'
import { parseJson } from '../system/json.ts'

export type HttpMethod = 'GET' | 'POST' | 'DELETE'

/**
 * What is known about a failed call, in the details of its error.
 *
 * `refused`: the server refused it. `not-sent`: the server provably never received it. `unknown`: the server may have
 * acted on it, so a paid call must not be repeated.
 */
export type Outcome = 'refused' | 'not-sent' | 'unknown'

/** The details of every error of the API client, as needed by the code that sends or pays. */
export interface ApiFailure {
  method: HttpMethod
  outcome: Outcome
  /** The HTTP status, if there was an answer. */
  status?: number | undefined
  /** Which limit a 429 is about: requests per second, or concurrent tasks. */
  limit?: 'rate' | 'queue' | undefined
  /** How long the server asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined
  /** The ID that support asks for. */
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

/** A call as named in errors. */
export interface CallName {
  method: HttpMethod
  /** Path at the API without query: `/openapi/v1/image-to-3d`. */
  path: string
}

/** An unexpected answer. */
export interface BadAnswer {
  status: number
  headers: Headers
  text: string
  /** Milliseconds since 1970. */
  now: number
}

/** The error for an answer that is not a 2xx. The only place where a status becomes a code. */
export function refusal(call: CallName, answer: BadAnswer, redact: Redactor): MeshyError {
  const { status, headers, text, now } = answer
  const reason = serverMessage(text)
  const limit = status === 429 ? limitOf(text) : undefined
  return apiError(codeOf(status, limit), {
    call,
    what: `answered ${status}${reason === undefined ? '' : `: ${redact(reason)}`}`,
    failure: {
      outcome: outcomeOf(status),
      status,
      limit,
      retryAfterMs: retryAfterMs(headers, now),
      requestId: headers.get('x-request-id') ?? undefined,
    },
  })
}

/** The error for a 2xx that does not contain what the reference promises. */
export function badResponse(call: CallName, answer: BadAnswer, problem: string): MeshyError {
  const { status, headers } = answer
  return apiError('MESHY_API_BAD_RESPONSE', {
    call,
    what: `answered ${status} with ${problem}`,
    // The server accepted the call, so a task may exist.
    failure: { outcome: 'unknown', status, requestId: headers.get('x-request-id') ?? undefined },
  })
}

/** The error for a call without an answer, or with an incomplete one. */
export function networkFailure(call: CallName, error: unknown, redact: Redactor): MeshyError {
  const outcome = wasNeverSent(error) ? 'not-sent' : 'unknown'
  const cause = redactError(error, redact)
  const what = outcome === 'not-sent' ? 'could not be reached' : 'broke the connection'
  return apiError('MESHY_API_NETWORK', {
    call,
    what: `${what} (${innermost(cause)})`,
    failure: { outcome },
    cause,
  })
}

/** The error for a call that took too long. */
export function timedOut(call: CallName, ms: number): MeshyError {
  return apiError('MESHY_API_NETWORK', {
    call,
    what: `sent nothing for ${Math.round(ms / 1000)} seconds`,
    failure: { outcome: 'unknown' },
  })
}

/** What a refusal says: the `message` of a JSON body, or what kind of body it is. */
function serverMessage(text: string): string | undefined {
  const body = text.trim()
  if (body === '') return undefined
  if (isHtml(body)) return 'an HTML page, such as a proxy or a web server sends'
  const message = errorSchema.safeParse(parseJson(body)).data?.message
  return (message ?? body).slice(0, 500)
}

/** Whether a body is a page for people, which the API never sends. */
export function isHtml(text: string): boolean {
  return /^\s*<(!doctype|html|head|body)\b/i.test(text)
}

function apiError(
  code: ErrorCode,
  about: { call: CallName; what: string; failure: Omit<ApiFailure, 'method'>; cause?: unknown },
): MeshyError {
  const { call, what, failure, cause } = about
  const details: ApiFailure & { path: string } = { method: call.method, path: call.path, ...failure }
  return new MeshyError(code, {
    message: `The Meshy API ${what.replace(/\.?$/, '.')} The call was \`${call.method} ${call.path}\`.`,
    hint: failures[code].next,
    details: { ...details },
    cause,
  })
}

function codeOf(status: number, limit: ApiFailure['limit']): ErrorCode {
  if (status < 400) return 'MESHY_API_BAD_RESPONSE'
  if (status === 401) return 'MESHY_AUTH_REJECTED'
  if (status === 402) return 'MESHY_CREDITS_EXHAUSTED'
  if (status === 403) return 'MESHY_API_FORBIDDEN'
  if (status === 404) return 'MESHY_API_NOT_FOUND'
  if (status === 429) return limit === 'queue' ? 'MESHY_API_QUEUE_FULL' : 'MESHY_API_RATE_LIMITED'
  return status >= 500 ? 'MESHY_API_SERVER' : 'MESHY_API_REJECTED'
}

/** The word may be on its own or inside a sentence. */
function limitOf(text: string): 'rate' | 'queue' {
  return /NoMoreConcurrentTasks|NoMorePendingTasks|TooManyPendingTasks/i.test(text) ? 'queue' : 'rate'
}

/**
 * A 4xx, and the two redirects that keep the method, mean that nothing was done. Other statuses may follow an effect.
 */
function outcomeOf(status: number): Outcome {
  if (status === 307 || status === 308) return 'refused'
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unknown'
}

/** Failures before the first byte of a request: no address, no connection, no trusted certificate. */
const BEFORE_SENDING = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Failures between the connection and the first byte of a request, which have no codes of their own. */
const BEFORE_ENCRYPTION = /HTTP Tunneling$|before secure TLS connection was established$/

function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // One error per address that was tried; a single one that got further decides.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(wasNeverSent)
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (BEFORE_ENCRYPTION.test(message)) return true
  if (syscall === 'connect' || (code !== undefined && BEFORE_SENDING.has(code))) return true
  return wasNeverSent(error.cause)
}

/** The body of every refusal. */
const errorSchema = z.looseObject({ message: z.string() })
