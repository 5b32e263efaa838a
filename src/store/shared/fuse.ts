import { StoreFault } from './store-fault.ts'

/** Failures in a row after which a store is left alone. */
const LIMIT = 3

/**
 * Keeps a store that is down from being asked again and again: after three failures in a row, or two of patience, it is off for the rest of
 * the run.
 */
export class Fuse {
  #failures = 0
  #blown: StoreFault | undefined

  /** Why the store is not asked any more. */
  get blown(): StoreFault | undefined {
    return this.#blown
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
    const { kind } = fault
    if (kind === 'refused' || this.#blown) return
    // It had its time twice over, and whoever waits has waited.
    this.#failures += kind === 'slow' ? 2 : 1
    if (this.#failures < LIMIT) return
    this.#blown = fault
  }
}
