/** What items are sorted by; the first criterion that differs decides. */
type Criteria = readonly (string | number)[]

/**
 * Creates a comparison function for `toSorted`. Text is compared by its code units, so that the order is the same on
 * every machine, whatever its language.
 */
export function by<T>(criteriaOf: (item: T) => Criteria): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [criteriaOf(a), criteriaOf(b)]
    for (const [index, one] of left.entries()) {
      const other = right[index] ?? one
      if (one !== other) return one < other ? -1 : 1
    }
    return 0
  }
}
