import { describe, expect, it } from 'vitest'
import { formatPlan, planCost, type PlanRow } from '../../src/pipeline/plan.ts'

function row(image: string, changes: Partial<PlanRow> & { key?: string } = {}): PlanRow {
  const { key = image, ...rest } = changes
  const request = { imageName: image, key } as PlanRow['request']
  return { request, state: 'missing', credits: 30, site: { file: 'main.ts', line: 1 }, ...rest }
}

describe('planCost', () => {
  it('counts what is missing, once for each key', () => {
    const rows = [row('a.png'), row('copy-of-a.png', { key: 'a.png' }), row('b.png', { credits: 15 })]

    expect(planCost([...rows, row('c.png', { state: 'ready' }), row('d.png', { state: 'on its way' })])).toBe(
      45,
    )
  })
})

describe('formatPlan', () => {
  it('lists every model with state, place and price, sorted, and the sum', () => {
    const text = formatPlan([row('b.png', { state: 'ready' }), row('a.png')])

    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^a\.png +missing +30 credits +main\.ts:1$/),
      expect.stringMatching(/^b\.png +ready +main\.ts:1$/),
      '2 models, 30 credits to generate what is missing',
    ])
  })

  it('tells imports of one image apart by what they ask for, shortened', () => {
    const prompt = `?meshy&prompt=${'wood '.repeat(20)}`
    const rows = ['?meshy', '?meshy&take=2', prompt].map((query) => row('a.png', { query, state: 'ready' }))

    expect(formatPlan(rows).split('\n')).toEqual([
      expect.stringMatching(/^a\.png +ready +main\.ts:1$/),
      expect.stringMatching(/^a\.png\?meshy&take=2 +ready +main\.ts:1$/),
      expect.stringMatching(/^a\.png\?meshy&prompt=wood .{0,30}… {2}ready +main\.ts:1$/),
      '1 model, 0 credits to generate what is missing',
    ])
  })
})
