import { describe, expect, it } from 'vitest'
import { arrangePlan, formatPlan, planCost, takePlan, type PlanRow } from '../../src/run/plan.ts'

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
  it('lists every model with state, place and price, and the sum', () => {
    const text = formatPlan([row('a.png'), row('b.png', { state: 'ready' })])

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

describe('arrangePlan', () => {
  it('is the same whichever part of a build was read first, and names each place once', () => {
    const at = (file: string, line?: number) => ({ site: { file, line } })
    const rows = [
      row('a.png', at('b.ts', 9)),
      row('a.png', at('b.ts', 10)),
      row('a.png', at('c.ts')),
      row('b.png', at('a.ts', 1)),
      row('b.png', { ...at('a.ts', 1), query: '?meshy&optimize' }),
    ]

    expect(arrangePlan(rows.toReversed())).toEqual(rows)
    expect(arrangePlan([...rows, ...rows])).toEqual(rows)
  })
})

describe('takePlan', () => {
  it('names everybody who imports a model, also those who came after it was listed, and leaves nothing', async () => {
    const { site: first, ...planned } = row('a.png')
    const sites = [first]
    const imported = {
      file: '/a.png',
      directives: {},
      site: async () => first,
      sites: async () => sites,
    }
    const context = { plan: [{ ...planned, imported }] }
    sites.unshift({ file: 'other.ts', line: 1 })

    expect((await takePlan(context)).map(({ site }) => site.file)).toEqual(['main.ts', 'other.ts'])
    expect(context.plan).toEqual([])
  })
})
