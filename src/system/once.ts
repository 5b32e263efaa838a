/**
 * Makes what is asked for at the first call, and gives the same at every later one. A promise that rejects is forgotten:
 * what could not be loaded now may be there the next time.
 */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    if (made) return made.value
    const value = make()
    made = { value }
    if (value instanceof Promise) value.catch(() => (made = undefined))
    return value
  }
}

/** Work by key, so that whoever asks for the same key while it is under way gets the same promise. */
export class SingleFlight {
  #byKey = new Map<string, Promise<unknown>>()

  /** Runs `work`, or joins the work of the same key. A settled flight is forgotten: failures are never cached. */
  join<T>(key: string, work: () => Promise<T>): Promise<T> {
    // A key has one kind of work, so the type of its promise is known.
    const current = this.#byKey.get(key) as Promise<T> | undefined
    if (current) return current
    const flight = work().finally(() => this.#byKey.delete(key))
    this.#byKey.set(key, flight)
    return flight
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** How much work is under way whose key begins so. */
  count(prefix: string): number {
    return [...this.#byKey.keys()].filter((key) => key.startsWith(prefix)).length
  }
}
