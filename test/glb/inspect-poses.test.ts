import { describe, expect, it } from 'vitest'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { assembleGlb, codeOf } from './fixtures.ts'
import { instanced, POSED, skewed } from './posed-models.ts'
import { boundsByThree } from './three-bounds.ts'

describe('inspectGlb', () => {
  it.each(Object.entries({ ...POSED, 'matrices that skew': skewed }))(
    'finds the box of three.js around %s',
    async (_, make) => {
      const glb = await make()

      const { bounds } = inspectGlb(glb)

      const { min, max } = await boundsByThree(glb)
      for (const axis of [0, 1, 2] as const) {
        expect(bounds.min[axis]).toBeCloseTo(min[axis] ?? NaN, 4)
        expect(bounds.max[axis]).toBeCloseTo(max[axis] ?? NaN, 4)
        expect(bounds.size[axis]).toBeCloseTo(bounds.max[axis] - bounds.min[axis], 4)
      }
    },
  )

  it('counts and measures every instance', async () => {
    const [one, many] = await Promise.all([instanced(1), instanced(50)])

    const [single, facts] = [inspectGlb(one), inspectGlb(many)]

    expect(facts.triangles).toBe(single.triangles * 50)
    expect(facts.vertices).toBe(single.vertices * 50)
    const [width, ...others] = single.bounds.size
    expect(facts.bounds.size[0]).toBeCloseTo(width + 49 * 3, 4)
    expect(facts.bounds.size.slice(1)).toEqual(others)
  })

  it('measures a mesh by its box where that is shown too often to follow each vertex', async () => {
    const facts = inspectGlb(await instanced(80_000))

    expect(facts.triangles).toBe(20 * 80_000)
    expect(facts.bounds.max[0]).toBeGreaterThan(79_999 * 3)
  })

  it('moves compressed positions of a skin by its joints', () => {
    const glb = assembleGlb(
      {
        asset: { version: '2.0' },
        nodes: [{ scale: [0.01, 0.01, 0.01], children: [1, 2] }, { mesh: 0, skin: 0 }, {}],
        skins: [{ joints: [2], inverseBindMatrices: 1 }],
        meshes: [{ primitives: [{ attributes: { POSITION: 0, JOINTS_0: 2, WEIGHTS_0: 2 } }] }],
        accessors: [
          { componentType: 5126, type: 'VEC3', count: 9, min: [-1, 0, -1], max: [1, 2, 1] },
          { componentType: 5126, type: 'MAT4', count: 1, bufferView: 0 },
          { componentType: 5121, type: 'VEC4', count: 9 },
        ],
        bufferViews: [{ buffer: 0, byteLength: 64 }],
      },
      new Uint8Array(Float32Array.from([100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 1]).buffer),
    )

    expect(inspectGlb(glb).bounds.size).toEqual([2, 2, 2])
  })

  const points = { componentType: 5126, type: 'VEC3', count: 2 }
  const view = { buffer: 0, byteLength: 24 }
  it.each([
    ['a stride of nothing', { count: 1e8, bufferView: 0 }, { byteStride: 0 }],
    ['more zeros than bytes', { count: 1e8, sparse: sparseOf(0) }, {}],
    ['a sparse index past the end', { bufferView: 0, sparse: sparseOf(5) }, {}],
    ['a type of its own', { bufferView: 0, type: 'VEC9' }, {}],
  ])('refuses %s', (_, accessor, odd) => {
    const json = {
      asset: { version: '2.0' },
      nodes: [{ mesh: 0 }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [{ ...points, ...accessor }],
      bufferViews: [{ ...view, ...odd }, { ...view, byteOffset: 24, byteLength: 4 }, view],
    }
    const bin = new Uint8Array(28)
    bin[24] = 5

    expect(codeOf(() => inspectGlb(assembleGlb(json, bin))).code).toBe('MESHY_GLB_INVALID')
  })

  it('refuses a vertex that hangs on no joint of its skin', () => {
    const json = {
      asset: { version: '2.0' },
      nodes: [{ mesh: 0, skin: 0 }],
      skins: [{ joints: [0] }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0, JOINTS_0: 1, WEIGHTS_0: 2 } }] }],
      accessors: [
        { ...points, count: 1, bufferView: 0 },
        { componentType: 5121, type: 'VEC4', count: 1, bufferView: 1 },
        { componentType: 5121, type: 'VEC4', count: 1, bufferView: 1, normalized: true },
      ],
      bufferViews: [
        { buffer: 0, byteLength: 12 },
        { buffer: 0, byteOffset: 12, byteLength: 4 },
      ],
    }
    const bin = Uint8Array.from([...new Uint8Array(12), 7, 7, 7, 7])

    expect(codeOf(() => inspectGlb(assembleGlb(json, bin))).message).toContain('joint `7`')
  })
})

function sparseOf(index: number) {
  return {
    count: 1,
    indices: { bufferView: 1, byteOffset: index === 0 ? 1 : 0, componentType: 5121 },
    values: { bufferView: 2 },
  }
}
