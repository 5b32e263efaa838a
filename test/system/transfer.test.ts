import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../src/system/transfer.ts'

const NOW = Date.parse('2025-01-01T00:00:00Z')
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString()

describe('retryAfterMs', () => {
  it.each([
    ['7', {}, 7000],
    ['0', {}, 0],
    [' 1.5 ', {}, 1500],
    [at(30), {}, 30_000],
    [at(-30), {}, 0],
    [at(3630), { date: at(3600) }, 30_000],
    [at(30), { date: 'nonsense' }, 30_000],
    ['soon', {}, undefined],
    ['-1', {}, undefined],
    ['', {}, undefined],
  ])('reads %j with %j', (value, more, expected) => {
    expect(retryAfterMs(new Headers({ 'retry-after': value, ...more }), NOW)).toBe(expected)
  })

  it('is undefined when there is no such header', () => {
    expect(retryAfterMs(new Headers(), NOW)).toBeUndefined()
  })
})
