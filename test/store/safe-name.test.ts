import { resolve } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLayout, safeFileName } from '../../src/store/layout.ts'

describe('safeFileName', () => {
  it.each([
    ['hero', 'hero'],
    ['Hero_2.front', 'Hero_2.front'],
    ['hero (1)', 'hero-1'],
    ['женщина 猫', 'женщина-猫'],
    ['Cafe\u0301', 'Caf\u00e9'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..\\..\\windows', 'windows'],
    ['a\0b\nc', 'a-b-c'],
    ['a%2Fb?c#d', 'a-2Fb-c-d'],
    ['.hidden', 'hidden'],
    ['-rf', 'rf'],
    ['trailing. ', 'trailing'],
    ['CON', 'model-CON'],
    ['nul.front', 'model-nul.front'],
    ['console', 'console'],
    ['', 'model'],
    ['..', 'model'],
    ['///', 'model'],
  ])('makes %j %j', (name, safe) => {
    expect(safeFileName(name)).toBe(safe)
  })

  it('fits into a file system whatever the length of the name', () => {
    expect(Buffer.byteLength(safeFileName('猫'.repeat(500)))).toBeLessThanOrEqual(120)
  })

  it('never leaves the folder of its key, and changes no name twice', () => {
    const layout = createLayout('/cache')
    const key = '0123456789abcdef'
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('.', '/', '\\', '-', 'a', ' ', '\0') }),
    )

    fc.assert(
      fc.property(anything, (name) => {
        const safe = safeFileName(name)
        const file = layout.output(key, `${safe}.glb`)

        expect(resolve(file)).toBe(`/cache/out/${key}/${safe}.glb`)
        expect(safeFileName(safe)).toBe(safe)
      }),
      { numRuns: 1_000 },
    )
  })
})
