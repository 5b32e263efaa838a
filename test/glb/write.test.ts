import { describe, expect, it } from 'vitest'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { readGlb } from '../../src/glb/read.ts'
import { writeGlb } from '../../src/glb/write.ts'
import type { GlbModel } from '../../src/glb/write.ts'
import { validateGlb } from './fixtures.ts'
import { makeJpeg, makePng } from './pictures.ts'

/** A grid of `size` × `size` quads in the plane z = 0. */
function grid(size: number): GlbModel['parts'][0] {
  const side = size + 1
  const at = Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)] as const)
  const quads = at.filter(([x, y]) => x < size && y < size).map(([x, y]) => y * side + x)
  return {
    positions: Float32Array.from(at.flatMap(([x, y]) => [x, y, 0])),
    normals: Float32Array.from(at.flatMap(() => [0, 0, 1])),
    uvs: Float32Array.from(at.flatMap(([x, y]) => [x / size, 1 - y / size])),
    indices: quads.flatMap((a) => [a, a + 1, a + side + 1, a, a + side + 1, a + side]),
  }
}

const model: GlbModel = { name: 'grid', generator: 'test', extras: { standIn: true }, parts: [grid(2)] }

describe('writeGlb', () => {
  it('writes what the validator accepts, with every map', async () => {
    const image = { bytes: makePng(4, 4), mime: 'image/png' } as const
    const photo = { bytes: await makeJpeg(4, 4), mime: 'image/jpeg' } as const
    const material = { colorMap: photo, metallicRoughnessMap: photo, normalMap: image }

    const glb = writeGlb({ ...model, parts: [{ ...grid(2), material }] })
    const { errors, messages } = await validateGlb(glb)

    expect(errors).toBe(0)
    expect(messages.filter(({ severity }) => severity < 2).map(({ code }) => code)).toEqual([
      'MESH_PRIMITIVE_GENERATED_TANGENT_SPACE',
    ])
    expect(inspectGlb(glb)).toMatchObject({ triangles: 8, vertices: 9, materials: 1, textures: 3 })
  })

  it('writes the same bytes for the same model, aligned to four', () => {
    const glb = writeGlb(model)

    expect(writeGlb(model)).toEqual(glb)
    expect(glb.length % 4).toBe(0)
    expect(readGlb(glb).json.asset).toMatchObject({ generator: 'test', extras: { standIn: true } })
  })

  it.each([
    [254, 5123],
    [256, 5125],
  ])(
    'picks the width of the indices by the count of vertices, at %i quads a side',
    async (size, componentType) => {
      const glb = writeGlb({ ...model, parts: [grid(size)] })

      expect(readGlb(glb).json.accessors?.find(({ type }) => type === 'SCALAR')).toMatchObject({
        componentType,
      })
      expect((await validateGlb(glb)).errors).toBe(0)
    },
  )

  it('writes no texture where the material has none', async () => {
    const { uvs: _, ...bare } = grid(1)
    const glb = writeGlb({ ...model, parts: [{ ...bare, material: { color: [0.5, 0.5, 0.5, 1] } }] })

    expect(readGlb(glb).json).not.toHaveProperty('textures')
    expect(await validateGlb(glb)).toMatchObject({ errors: 0, warnings: 0 })
  })

  it('refuses positions that are no finite numbers', () => {
    const part = { ...grid(1), positions: Float32Array.from([NaN, 0, 0]) }

    expect(() => writeGlb({ ...model, parts: [part] })).toThrow(TypeError)
  })
})
