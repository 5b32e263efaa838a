import type { failures } from './failures.ts'
import { printable } from './redact.ts'

/** Every code that a {@link MeshyError} can carry. Codes are permanent once released; see docs/errors.md. */
export type ErrorCode = keyof typeof failures

/** Where in the user's sources an error comes from. */
export interface ImportSite {
  /** The importing file, relative to the project's root where that is known. */
  file: string
  /** 1-based line of the import, when it could be found. */
  line?: number | undefined
  /** File name of the imported image. */
  image?: string | undefined
}

export interface MeshyErrorInit {
  /** What happened, with the offending value and the expectation, as a full sentence. */
  message: string
  /** The one next action. */
  hint: string
  /** Facts for programs: status, task id, received value. Never a secret. */
  details?: Record<string, unknown> | undefined
  site?: ImportSite | undefined
  cause?: unknown
}

const BRAND = Symbol.for('unplugin-meshy.error')

/** An expected failure: it has a stable code and a next step, and is shown without a stack. */
export class MeshyError extends Error {
  override readonly name = 'MeshyError'
  readonly code: ErrorCode
  readonly hint: string
  readonly details: Record<string, unknown>
  readonly site: ImportSite | undefined
  /** A brand, so that two copies of the package in one process recognise each other's errors. */
  readonly [BRAND] = true

  constructor(code: ErrorCode, init: MeshyErrorInit) {
    // Both may quote the service, a lockfile or the name of a file.
    super(printable(init.message), init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.hint = printable(init.hint)
    this.details = init.details ?? {}
    this.site = init.site
  }

  /** The same error, told for one import, or for none. */
  at(site: ImportSite | undefined): MeshyError {
    const { code, message, hint, details, cause } = this
    return new MeshyError(code, { message, hint, details, site, cause })
  }
}

/** Whether a value is a {@link MeshyError}, also one of another copy of this package. */
export function isMeshyError(value: unknown): value is MeshyError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** The whole error as text, for terminals and overlays: place, message, next step, code. */
export function formatError(error: MeshyError): string {
  const place = error.site ? `${formatPlace(error, error.site)}: ` : ''
  return `${place}${error.message}\n  ${error.hint} [${error.code}]`
}

/** Whatever was thrown: an error of ours as {@link formatError} tells it, any other one with its stack. */
export function formatThrown(error: unknown): string {
  if (isMeshyError(error)) return formatError(error)
  return printable(String(error instanceof Error ? error.stack : error))
}

/** Where an error stands: `src/main.ts:3`, with the image behind it where the message does not name it. */
export function formatPlace(error: MeshyError, site: ImportSite): string {
  const image = site.image && printable(site.image)
  return image && !error.message.includes(image) ? `${formatSite(site)}: ${image}` : formatSite(site)
}

/** An import site as `src/main.ts:3`. */
export function formatSite(site: ImportSite): string {
  const file = printable(site.file)
  return site.line === undefined ? file : `${file}:${site.line}`
}

export type HttpMethod = 'GET' | 'POST' | 'DELETE'

/**
 * What is known about a call that failed, in the details of its error.
 *
 * `refused`: the server said no. `not-sent`: it provably never got the call. `unknown`: it may have acted on it, so
 * a paid call must not be repeated.
 */
export type Outcome = 'refused' | 'not-sent' | 'unknown'

/** The details of every error of the API client, as whoever sends or pays needs them. */
export interface ApiFailure {
  method: HttpMethod
  outcome: Outcome
  /** The HTTP status, when there was an answer. */
  status?: number | undefined
  /** Which limit a 429 is about: requests a second, or tasks at once. */
  limit?: 'rate' | 'queue' | undefined
  /** How long the server asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined
  /** What support asks for. */
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

/** The name of the operating system's error that an error carries, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error is one of the named errors of the operating system. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  const errno = errnoOf(error)
  return errno !== undefined && names.includes(errno)
}
