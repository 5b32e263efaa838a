import { describe, expect, it } from 'vitest'
import { derivationOf } from '../../src/pipeline/deriving/derivation.ts'
import type { ResolvedOptions } from '../../src/pipeline/options.ts'
import { createHasher } from '../../src/request/fingerprint.ts'
import { refTo } from '../store/samples.ts'

const hasher = await createHasher()
const HERO = 'd8e0659f1bd0dff4e5ca020e29264083c0fbfdb6557fee883d49d79f84c8899d'

function keyOf(derivation: object, { sha256 = HERO, transforms = [] as object[] } = {}): string | undefined {
  const options = { transforms } as unknown as ResolvedOptions
  return derivationOf(
    { options, hasher },
    { derivation, lods: [] },
    { files: { glb: { ...refTo(''), sha256 } } },
  )?.key
}

describe('derivationOf', () => {
  it('gives the key that docs/cache-format.md shows, for good', () => {
    expect(keyOf({ optimize: true })).toBe('5c8030cffa4de6d0')
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
