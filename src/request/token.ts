import type { Directives } from './directives.ts'
import type { Hasher } from './fingerprint.ts'

/**
 * Stands for the directives of an import in its module id, `<path>?meshy=<token>`: 16 hex digits, the same in whatever
 * order and under whatever names they were written. Nothing is filled in, and no prompt shows.
 */
export function directiveToken(directives: Directives, hasher: Hasher): string {
  const entries = Object.entries(directives).filter(([, value]) => value !== undefined)
  return hasher.text(JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}
