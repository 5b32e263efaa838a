import { describe, expect, it } from 'vitest'
import { by } from '../../src/system/order.ts'

const sorted = (items: [string, number][]) => items.toSorted(by((item) => item))

describe('by', () => {
  it('lets the first criterion that differs decide, and numbers be numbers', () => {
    const items: [string, number][] = [
      ['a', 9],
      ['a', 10],
      ['b', 1],
    ]

    expect(sorted(items.toReversed())).toEqual(items)
  })

  it('compares text by its code units, whatever the language of the machine', () => {
    expect(sorted([...'äzaZ'].map((text) => [text, 0])).map(([text]) => text)).toEqual(['Z', 'a', 'z', 'ä'])
  })

  it('keeps the order of what is equal', () => {
    const items = [
      { name: 'a', id: 2 },
      { name: 'a', id: 1 },
    ]

    expect(items.toSorted(by(({ name }) => [name]))).toEqual(items)
  })
})
