import { describe, expect, it } from 'vitest'
import { Budget, overBudget } from '../../src/generate/budget.ts'

describe('Budget', () => {
  it('reserves up to the cap and no credit more', () => {
    const budget = new Budget()
    budget.reserve(60, 90)
    budget.reserve(30, 90)

    expect(budget.allows(0, 90)).toBe(true)
    expect(budget.allows(1, 90)).toBe(false)
    expect(() => budget.reserve(1, 90)).toThrow(expect.objectContaining({ code: 'MESHY_BUDGET_EXCEEDED' }))
    expect(budget.reserved).toBe(90)
  })

  it('is not passed by two processes that reserve at the same moment, and takes back what was too much', () => {
    const told: number[] = []
    // The other one holds 30 by the time that this one has told its own.
    const others = {
      held: () => (told.length > 0 ? 30 : 0),
      hold: (credits: number) => void told.push(credits),
    }
    const budget = new Budget(others)

    expect(() => budget.reserve(30, 30)).toThrow(expect.objectContaining({ code: 'MESHY_BUDGET_EXCEEDED' }))

    expect(told).toEqual([30, -30])
  })

  it('takes back what is released, once', () => {
    const budget = new Budget()
    budget.reserve(30, 60)
    const reservation = budget.reserve(30, 60)

    reservation.release()
    reservation.release()

    expect(budget.reserved).toBe(30)
  })

  it('keeps what was sent, until it was refused or refunded', () => {
    const budget = new Budget()
    const reservation = budget.reserve(30, 30)

    reservation.sent()
    reservation.release()
    expect(budget.reserved).toBe(30)

    // A task that failed, after its submission is over.
    reservation.refunded()
    reservation.refunded()
    expect(budget.reserved).toBe(0)
  })
})

describe('overBudget', () => {
  it('lists every model with its price, the sum, and what would allow it', () => {
    const prices = [
      { image: 'a.png', credits: 30 },
      { image: 'b.png', credits: 15 },
    ]

    const error = overBudget(prices, 45, { reserved: 60, cap: 90 })

    expect(error.message).toContain('2 missing models would cost 45 credits in addition to the 60 credits')
    expect(error.message).toContain('a.png: 30 credits')
    expect(error.message).toContain('b.png: 15 credits')
    expect(error.hint).toContain('MESHY_MAX_CREDITS=105')
    expect(error.details).toEqual({ prices, sum: 45, reserved: 60, cap: 90 })
  })
})
