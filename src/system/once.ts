/**
 * Creates a value on the first call, and returns the same value on every later call. A rejected promise is forgotten:
 * what could not be loaded now may be available next time.
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

/** Work by key: everyone who asks for the same key while work on it is in progress gets the same promise. */
export class SingleFlight {
  #byKey = new Map<string, Promise<unknown>>()

  /** Runs `work`, or joins the work for the same key. Settled work is forgotten: failures are never cached. */
  join<T>(key: string, work: () => Promise<T>): Promise<T> {
    // Each key has one kind of work, so the type of its promise is known.
    const current = this.#byKey.get(key) as Promise<T> | undefined
    if (current) return current
    const flight = work().finally(() => this.#byKey.delete(key))
    this.#byKey.set(key, flight)
    return flight
  }

  /** The number of works in progress whose key starts with `prefix`. */
  count(prefix: string): number {
    return [...this.#byKey.keys()].filter((key) => key.startsWith(prefix)).length
  }
}
