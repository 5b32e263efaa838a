import { expect } from 'vitest'

/** Compares bytes at once: to walk through a file byte by byte takes longer than to build it. */
function equalBytes(one: unknown, other: unknown): boolean | undefined {
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : undefined
}

expect.addEqualityTesters([equalBytes])
