import { createRedactor, redactError } from '../../system/redact.ts'

/**
 * Why a store could not do what it was asked. Nothing is lost by it: somebody else may have the bytes.
 *
 * - `transient`: may be better in a moment (5xx, 429, a broken connection).
 * - `slow`: it was given its time.
 * - `refused`: it understood and said no.
 * - `wrong`: it gave something else than was asked for.
 */
export type StoreFaultKind = 'transient' | 'slow' | 'refused' | 'wrong'

export class StoreFault extends Error {
  override name = 'StoreFault'
  readonly kind: StoreFaultKind
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined

  /** @param message continues the name of the store: `answered 503` */
  constructor(
    kind: StoreFaultKind,
    message: string,
    init: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.kind = kind
    this.status = init.status
    this.retryAfterMs = init.retryAfterMs
  }
}

/** The fault of a connection that could not be made or broke. */
export function brokenConnection(error: unknown): StoreFault {
  const cause = redactError(error, createRedactor([]))
  const inner = cause.cause instanceof Error ? cause.cause : cause
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message
  return new StoreFault('transient', `could not be reached (${code || 'the connection broke'})`, { cause })
}
