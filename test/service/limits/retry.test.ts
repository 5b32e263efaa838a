import { describe, expect, it } from 'vitest'
import { nextDelay } from '../../../src/service/limits/retry.ts'
import type { FailedAttempt } from '../../../src/service/limits/retry.ts'

const read: FailedAttempt = { method: 'GET', outcome: 'unknown', attempt: 1, random: 1 }
const paid: FailedAttempt = { method: 'POST', outcome: 'unknown', attempt: 1, random: 1 }

describe('nextDelay', () => {
  it.each<[string, FailedAttempt, number | undefined]>([
    ['a read without an answer', read, 500],
    ['a read answered 500', { ...read, status: 500 }, 500],
    ['a read answered 408', { ...read, status: 408 }, 500],
    ['a read answered with a page', { ...read, status: 200 }, 500],
    ['a read that was redirected', { ...read, status: 302 }, undefined],
    ['a read that was refused', { ...read, outcome: 'refused', status: 404 }, undefined],
    ['a read that came too fast', { ...read, outcome: 'refused', status: 429, limit: 'rate' }, 1000],
    ['a read that was never sent', { ...read, outcome: 'not-sent' }, 500],
    ['a deletion without an answer', { ...read, method: 'DELETE' }, 500],
    ['a submission without an answer', paid, undefined],
    ['a submission answered 500', { ...paid, status: 500 }, undefined],
    ['a submission answered 408', { ...paid, status: 408 }, undefined],
    ['a submission answered without an id', { ...paid, status: 202 }, undefined],
    ['a submission that was refused', { ...paid, outcome: 'refused', status: 400 }, undefined],
    ['a submission to a full queue', { ...paid, outcome: 'refused', status: 429, limit: 'queue' }, undefined],
    ['a submission that came too fast', { ...paid, outcome: 'refused', status: 429, limit: 'rate' }, 1000],
    ['a submission that was never sent', { ...paid, outcome: 'not-sent' }, 500],
  ])('decides about %s', (_, failed, delay) => {
    expect(nextDelay(failed)).toBe(delay)
  })

  it('doubles the pause up to a cap, and gives up', () => {
    const delays = (failed: FailedAttempt) =>
      Array.from({ length: 9 }, (_, index) => nextDelay({ ...failed, attempt: index + 1 }))

    expect(delays(read)).toEqual([500, 1000, 2000, 4000, ...Array(5).fill(undefined)])
    expect(delays({ ...read, limit: 'rate' })).toEqual([
      1000,
      2000,
      4000,
      8000,
      16_000,
      30_000,
      30_000,
      undefined,
      undefined,
    ])
  })

  it('shortens the pause by chance to no less than half', () => {
    expect(nextDelay({ ...read, random: 0 })).toBe(250)
    expect(nextDelay({ ...read, random: 0.5 })).toBe(375)
  })

  it('waits at least as long as the server asks, unless that is too long', () => {
    const hasty: FailedAttempt = { ...read, outcome: 'refused', limit: 'rate' }

    expect(nextDelay({ ...hasty, retryAfterMs: 7000 })).toBe(7000)
    expect(nextDelay({ ...hasty, retryAfterMs: 10 })).toBe(1000)
    expect(nextDelay({ ...hasty, retryAfterMs: 120_001 })).toBeUndefined()
  })
})
