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
