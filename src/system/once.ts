/** Makes what is asked for at the first call, and gives the same at every later one. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}
