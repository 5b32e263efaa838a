import { describe, expect, test } from 'vitest'
import { MUTATIONS } from './mutations.ts'
import { simulate, tell } from './simulate.ts'

const HISTORIES = 20_000
/** A machine that others use as well takes its time. */
const PATIENCE_MS = 30 * 60_000

describe('simulated histories of paying', () => {
  test(
    'no key is charged twice, no budget passed, no lease kept and no byte lost in 20,000 of them',
    { timeout: PATIENCE_MS },
    async () => {
      const { faults, played } = await simulate({ first: 1, count: HISTORIES })
      expect(faults).toEqual([])
      expect(played).toBe(HISTORIES)
    },
  )

  test('a seed tells the same history each time, to the letter', async () => {
    for (const seed of [5, 27, 94]) expect(await tell(seed)).toBe(await tell(seed))
  })

  test.each(MUTATIONS)('is found: $name', { timeout: PATIENCE_MS }, async (mutation) => {
    const { faults } = await simulate({ first: 1, count: HISTORIES, mutation, setting: mutation.setting })
    expect(faults).not.toEqual([])
  })
})
