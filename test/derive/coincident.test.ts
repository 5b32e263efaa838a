import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { Sample, sheet, type Sheet } from './support/sample.ts'

const SHEET = sheet()
const DRAWN = (SHEET.indices.length / 3) * 2

function turned({ indices }: Sheet): Uint16Array<ArrayBuffer> {
  return indices.map((_, at) => indices[at - (at % 3) + ([1, 0, 2][at % 3] ?? 0)] ?? 0)
}

/** The other diagonal of each quad. */
function crossed({ indices }: Sheet): Uint16Array<ArrayBuffer> {
  const [a, b, c, , , d] = [0, 1, 2, 3, 4, 5].map((at) => (quad: number) => indices[quad * 6 + at] ?? 0)
  const quads = Array.from({ length: indices.length / 6 }, (_, quad) => quad)
  return new Uint16Array(quads.flatMap((quad) => [a, b, d, b, c, d].map((corner) => corner?.(quad) ?? 0)))
}

const pairOf = (other: Sheet) => (sample: Sample) => {
  sample.node('One', sample.primitive(SHEET))
  sample.node('Other', sample.primitive(other))
}

const oneOf = (indices: Uint16Array<ArrayBuffer>) => (sample: Sample) => {
  sample.node(
    'Both',
    sample.primitive({ ...SHEET, indices: new Uint16Array([...SHEET.indices, ...indices]) }),
  )
}

const COINCIDENT: Record<string, (sample: Sample) => void> = {
  'a part that is there twice': pairOf(SHEET),
  'the two sides of a sheet': pairOf({ ...SHEET, indices: turned(SHEET) }),
  'a part over one with other triangles': pairOf({ ...SHEET, indices: crossed(SHEET) }),
  'a part over one that shows the texture elsewhere': pairOf({
    ...SHEET,
    uvs: SHEET.uvs.map((value) => 1 - value),
  }),
  'two sides that share their vertices': oneOf(turned(SHEET)),
  'triangles that are there twice': oneOf(SHEET.indices),
}

async function derive(make: (sample: Sample) => void, plan: { simplify?: number; level?: number }) {
  const sample = new Sample()
  make(sample)
  return deriveModel(await sample.write(), { plan, extras: {} })
}

describe.each(Object.entries(COINCIDENT))('surfaces in one place (%s)', (_, make) => {
  it('come to the number asked for, and keep their size', async () => {
    const { facts, notes } = await derive(make, { simplify: 300 })

    expect(Math.abs(facts.triangles - 300)).toBeLessThanOrEqual(6)
    expect(notes).toEqual([])
    expect(facts.bounds.size[0]).toBeCloseTo(2, 2)
    expect(facts.bounds.size[1]).toBeCloseTo(2, 2)
  })

  it('have levels', async () => {
    const { facts } = await derive(make, { level: 0.25 })

    expect(Math.abs(facts.triangles / DRAWN - 0.25)).toBeLessThan(0.01)
  })
})

describe('a model with a part that is drawn over half of another one', () => {
  it('comes to the number asked for', async () => {
    const half = { ...SHEET, indices: SHEET.indices.slice(0, SHEET.indices.length / 2) }

    const { facts } = await derive(pairOf(half), { simplify: 300 })

    expect(Math.abs(facts.triangles - 300)).toBeLessThanOrEqual(6)
  })
})
