import { describe, expect, it } from 'vitest'
import { chartsOf } from '../../src/derive/simplify/surface.ts'
import { gatherSurface } from '../../src/derive/simplify/surface-io.ts'
import { readTexels, type Place } from '../../src/derive/simplify/texels.ts'
import { Sample, sheet } from './support/sample.ts'

const RIGHT: Place[] = [
  [0.7, 0.2],
  [0.9, 0.2],
  [0.7, 0.8],
]

/** Sheets that show the left half of a texture, and one that shows the right half. */
function foreignShare(times: number): number {
  const sample = new Sample()
  const { uvs, ...rest } = sheet(2)
  const material = sample.document.createMaterial('Bricks')
  for (let i = 0; i <= times; i++) {
    const half = uvs.map((value, at) => (at % 2 === 0 ? value / 2 + (i === times ? 0.5 : 0) : value))
    const primitive = sample.primitive({ ...rest, uvs: half }).setMaterial(material)
    sample.node(`Wall ${i}`, primitive).setTranslation([3 * i, 0, 0])
  }
  const surface = gatherSurface(sample.document)
  const charts = chartsOf(surface)
  return readTexels(surface, charts)({ vertex: 0, chart: charts[0] ?? 0 }, RIGHT)
}

describe('the texels of a texture', () => {
  it('belong to the piece that shows them', () => {
    expect(foreignShare(1)).toBe(1)
  })

  it('belong to nobody where the texture is a pattern, shown again and again', () => {
    expect(foreignShare(20)).toBe(0)
  })
})
