import { createRedactor, redactError } from '../../system/redact.ts'

/**
 * Why a store could not do what it was asked. Nothing is lost: another source may have the bytes.
 *
 * - `transient`: may succeed in a moment (5xx, 429, a broken connection).
 * - `slow`: it used up its time.
 * - `refused`: it understood and refused.
 * - `wrong`: it returned something other than what was requested.
 */
export type StoreFaultKind = 'transient' | 'slow' | 'refused' | 'wrong'

export class StoreFault extends Error {
  override name = 'StoreFault'
  readonly kind: StoreFaultKind
  readonly retryAfterMs: number | undefined

  /** @param message continues the name of the store: `answered 503` */
  constructor(
    kind: StoreFaultKind,
    message: string,
    init: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.kind = kind
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

/** Consecutive failures after which a store is no longer used. */
const LIMIT = 3

/**
 * Keeps a store that is down from being queried again and again: after three consecutive failures it is off for the
 * run.
 */
export class Fuse {
  #failures = 0
  /** Why the store is no longer used. */
  #blown: StoreFault | undefined

  /**
   * Whether a request that failed this way may be repeated once. A time-out is only repeated while nothing suggests
   * that the store is always slow: otherwise callers would wait for minutes.
   */
  mayRepeat({ kind }: StoreFault): boolean {
    return !this.#blown && (kind !== 'slow' || this.#failures === 0)
  }

  /** @throws {StoreFault} what `ask` throws, or at once why the store is off */
  async guard<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#blown) throw this.#blown
    try {
      const answer = await ask()
      this.#failures = 0
      return answer
    } catch (error) {
      if (error instanceof StoreFault) this.#note(error)
      throw error
    }
  }

  /** A refusal is an answer: a store that denies one object may have the next. */
  #note(fault: StoreFault): void {
    if (fault.kind === 'refused' || this.#blown) return
    this.#failures += 1
    if (this.#failures === LIMIT) this.#blown = fault
  }
}
