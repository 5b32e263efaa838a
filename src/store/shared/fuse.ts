import { StoreFault } from './store-fault.ts'

/** Failures in a row after which a store is left alone. */
const LIMIT = 3

/** Keeps a store that is down from being asked again and again: after three failures in a row it is off for the run. */
export class Fuse {
  #failures = 0
  #blown: StoreFault | undefined

  /** Why the store is not asked any more. */
  get blown(): StoreFault | undefined {
    return this.#blown
  }

  /**
   * Whether a question that failed so may be asked once more. Time that is up is given twice only while nothing says that
   * the store is slow by nature: whoever waits would wait for minutes.
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
