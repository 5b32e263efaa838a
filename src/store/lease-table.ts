const TABLE = Symbol.for('unplugin-meshy.leases')

/**
 * The tokens of the leases that this thread holds or waits for: one table for all copies of the package. What the file of a
 * lease says of this thread, and the table does not, is left from a release that failed.
 */
export function ownLeases(): Set<string> {
  const shared = globalThis as { [TABLE]?: Set<string> }
  shared[TABLE] ??= new Set()
  return shared[TABLE]
}
