import { describe, expect, it } from 'vitest'
import { derivationOf, derivedKey, findEarlier } from '../../src/finding/derivation.ts'
import type { ResolvedOptions } from '../../src/run/option-types.ts'
import { createHasher } from '../../src/request/fingerprint.ts'
import { refTo, sampleEntry } from '../store/samples.ts'

const hasher = await createHasher()
const HERO = 'd8e0659f1bd0dff4e5ca020e29264083c0fbfdb6557fee883d49d79f84c8899d'

function keyOf(derivation: object, { sha256 = HERO, transforms = [] as object[] } = {}): string | undefined {
  const options = { transforms } as unknown as ResolvedOptions
  return derivationOf(
    { options, store: { hasher } },
    { derivation, lods: [] },
    { files: { glb: { ...refTo(''), sha256 } } },
  )?.key
}

describe('derivationOf', () => {
  it('gives the key that docs/cache-format.md shows, for good', () => {
    expect(derivedKey(hasher, HERO, ['optimize@2'])).toBe('5c8030cffa4de6d0')
  })

  it('gives none when nothing is wanted', () => {
    expect(keyOf({ compress: 'none' })).toBeUndefined()
  })

  it('gives another key for other bytes, other steps and another version of an own step', () => {
    const center = (version: number) => ({ name: 'center', version, transform: () => {} })
    const keys = [
      keyOf({ optimize: true }),
      keyOf({ optimize: true }, { sha256: HERO.replace('d', 'e') }),
      keyOf({ optimize: true, simplify: 5000 }),
      keyOf({ optimize: true }, { transforms: [center(1)] }),
      keyOf({ optimize: true }, { transforms: [center(2)] }),
    ]

    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('what an earlier release derived and pinned', () => {
  const options = (mode: string) => ({ mode, transforms: [] }) as unknown as ResolvedOptions
  const steps = ['optimize@1']
  const key = derivedKey(hasher, HERO, steps)
  const entry = { ...sampleEntry(), files: { glb: { ...refTo(''), sha256: HERO } } }
  const derived = { [key]: { ...refTo('old'), steps, facts: entry.facts } }
  const part = derivationOf({ options: options('frozen'), store: { hasher } }, { derivation: { optimize: true }, lods: [] }, entry)?.main // prettier-ignore
  const find = (mode: string, changes: object = {}) => {
    const told: string[] = []
    const notices = { once: (text: string) => void told.push(text) }
    if (!part) throw new Error('There is no part')
    const found = findEarlier(
      { options: options(mode), store: { hasher }, reporter: { notices } } as never,
      { ...entry, derived, ...changes },
      part,
    )
    return { found, told }
  }

  it('is served in `frozen`, which says so, and derived anew elsewhere', () => {
    const { found, told } = find('frozen')

    expect(found).toMatchObject({ steps })
    expect(told.join()).toContain('optimize@1 was derived by an earlier release')
    expect(find('generate').found).toBeUndefined()
  })

  it('is not what was derived from other bytes, or by other steps', () => {
    const other = { files: { glb: { ...refTo(''), sha256: HERO.replace('d', 'e') } } }
    const less = {
      derived: { [key]: { ...refTo('old'), steps: ['optimize@1', 'texture-size=64'], facts: entry.facts } },
    }

    expect(find('frozen', other).found).toBeUndefined()
    expect(find('frozen', less).found).toBeUndefined()
  })
})
