import { describe, expect, it } from 'vitest'
import { stepsOf, type DerivationPlan } from '../../src/finding/steps.ts'

describe('stepsOf', () => {
  it.each<[string, DerivationPlan, string[]]>([
    ['nothing', {}, []],
    ['what takes back nothing', { compress: 'none', optimize: false }, []],
    ['optimize', { optimize: true }, ['optimize@3']],
    ['what optimize implies', { optimize: true, textureSize: 2048, compress: 'meshopt' }, ['optimize@3']],
    ['what optimize does otherwise', { optimize: true, textureSize: 512, compress: 'draco' }, ['optimize@3', 'texture-size=512', 'compress=draco@2']], // prettier-ignore
    ['optimize without compression', { optimize: true, compress: 'none' }, ['optimize@3', 'compress=none@2']],
    ['single steps', { simplify: 5000, textureSize: 2048, compress: 'meshopt' }, ['simplify=5000@4', 'texture-size=2048', 'compress=meshopt@2']], // prettier-ignore
  ])('are the same for plans that mean the same: %s', (_, plan, steps) => {
    expect(stepsOf(plan)).toEqual(steps)
  })
})
