import { describe, expect, it } from 'vitest'
import { stepsOf, type DerivationPlan } from '../../src/derive/steps.ts'

describe('stepsOf', () => {
  it.each<[string, DerivationPlan, string[]]>([
    ['nothing', {}, []],
    ['what takes back nothing', { compress: 'none', optimize: false }, []],
    ['optimize', { optimize: true }, ['optimize@1']],
    ['what optimize implies', { optimize: true, textureSize: 2048, compress: 'meshopt' }, ['optimize@1']],
    ['what optimize does otherwise', { optimize: true, textureSize: 512, compress: 'draco' }, ['optimize@1', 'texture-size=512', 'compress=draco']], // prettier-ignore
    ['optimize without compression', { optimize: true, compress: 'none' }, ['optimize@1', 'compress=none']],
    ['single steps', { simplify: 5000, textureSize: 2048, compress: 'meshopt' }, ['simplify=5000', 'texture-size=2048', 'compress=meshopt']], // prettier-ignore
  ])('are the same for plans that mean the same: %s', (_, plan, steps) => {
    expect(stepsOf(plan)).toEqual(steps)
  })
})
