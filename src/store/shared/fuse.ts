import { Fault } from '../../system/transfer.ts'

/** Consecutive failures after which a store is no longer used. */
const LIMIT = 3

/**
 * Keeps a store that is down from being queried again and again: after three consecutive failures it is off for the
 * run.
 */
export class Fuse {
  #failures = 0
  /** Why the store is no longer used. */
  #blown: Fault | undefined

  /**
   * Whether a request that failed this way may be repeated once. A time-out is only repeated while nothing suggests
   * that the store is always slow: otherwise callers would wait for minutes.
   */
  mayRepeat({ kind }: Fault): boolean {
    return !this.#blown && (kind !== 'slow' || this.#failures === 0)
  }

  /** @throws {Fault} what `ask` throws, or at once why the store is off */
  async guard<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#blown) throw this.#blown
    try {
      const answer = await ask()
      this.#failures = 0
      return answer
    } catch (error) {
      if (error instanceof Fault) this.#note(error)
      throw error
    }
  }

  /** A refusal is an answer: a store that denies one object may have the next. */
  #note(fault: Fault): void {
    if (fault.kind === 'refused' || this.#blown) return
    this.#failures += 1
    if (this.#failures === LIMIT) this.#blown = fault
  }
}
