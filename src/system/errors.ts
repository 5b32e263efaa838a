import { stripVTControlCharacters } from 'node:util'
import type { failures } from './failures.ts'
import { printable } from './redact.ts'

/** Every code that a {@link MeshyError} can carry. Codes are permanent once released; see docs/errors.md. */
export type ErrorCode = keyof typeof failures

/** Where in the user's sources an error comes from. */
export interface ImportSite {
  /** The importing file, relative to the project's root if that is known. */
  file: string
  /** 1-based line of the import, if it could be found. */
  line?: number | undefined
  /** File name of the imported image. */
  image?: string | undefined
}

export interface MeshyErrorInit {
  /** What happened, with the offending value and the expectation, as a full sentence. */
  message: string
  /** The one next action. */
  hint: string
  /** Facts for programs: status, task ID, received value. Never a secret. */
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
    // Both may quote the service, a lockfile or a file name.
    super(printable(init.message), init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.hint = printable(init.hint)
    this.details = init.details ?? {}
    this.site = init.site
  }

  /** The same error, reported for one import, or for none. */
  at(site: ImportSite | undefined): MeshyError {
    const { code, message, hint, details, cause } = this
    return new MeshyError(code, { message, hint, details, site, cause })
  }
}

/** Whether a value is a {@link MeshyError}, possibly from another copy of this package. */
export function isMeshyError(value: unknown): value is MeshyError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** Whether an error is one of ours with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is MeshyError {
  return isMeshyError(error) && codes.includes(error.code)
}

/** The whole error as text, for terminals and overlays: place, message, next step, code. */
export function formatError(error: MeshyError): string {
  const place = error.site ? `${formatPlace(error, error.site)}: ` : ''
  return `${place}${error.message}\n  ${error.hint} [${error.code}]`
}

/** Anything that was thrown: our own errors as {@link formatError} shows them, all others with their stack. */
export function formatThrown(error: unknown): string {
  if (isMeshyError(error)) return formatError(error)
  return printable(String(error instanceof Error ? error.stack : error))
}

/** The place of an error: `src/main.ts:3`, followed by the image if the message does not name it. */
export function formatPlace(error: MeshyError, site: ImportSite): string {
  const image = site.image && printable(site.image)
  return image && !error.message.includes(image) ? `${formatSite(site)}: ${image}` : formatSite(site)
}

/** An import site as `src/main.ts:3`. */
export function formatSite(site: ImportSite): string {
  const file = printable(site.file)
  return site.line === undefined ? file : `${file}:${site.line}`
}

/** The name of the operating system error that an error carries, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether an error is one of the named operating system errors. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  const errno = errnoOf(error)
  return errno !== undefined && names.includes(errno)
}

/** The message of anything that was thrown, without the colours that bundlers give theirs. */
export function messageOf(error: unknown): string {
  return stripVTControlCharacters(error instanceof Error ? error.message : String(error))
}

/** The first line of it: libraries add pages of advice. */
export function reasonOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? ''
}

/** The message at the end of the chain of causes: `fetch failed` alone is of no help. */
export function innermost(error: Error): string {
  if (error.cause instanceof Error) return innermost(error.cause)
  const { code } = error as NodeJS.ErrnoException
  return error.message || code || error.name
}
