import { describe, expect, it } from 'vitest'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { assembleGlb, codeOf } from './fixtures.ts'

const UNIT_BOX = { componentType: 5126, type: 'VEC3', count: 24, min: [-1, -1, -1], max: [1, 1, 1] }
const asset = { version: '2.0' }

describe('inspectGlb', () => {
  it('counts a mesh as often as nodes of the default scene show it', () => {
    const glb = assembleGlb({
      asset,
      scene: 1,
      scenes: [{ nodes: [2] }, { nodes: [0, 1] }],
      nodes: [{ mesh: 0 }, { mesh: 0, translation: [10, 0, 0] }, { mesh: 0, translation: [0, 500, 0] }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
      accessors: [UNIT_BOX, { componentType: 5123, type: 'SCALAR', count: 36 }],
    })

    const facts = inspectGlb(glb)

    expect(facts).toMatchObject({ triangles: 24, vertices: 48 })
    expect(facts.bounds).toEqual({ min: [-1, -1, -1], max: [11, 1, 1], size: [12, 2, 2] })
  })

  it('applies matrix, translation, rotation and scale down the hierarchy', () => {
    const half = Math.SQRT1_2
    const glb = assembleGlb({
      asset,
      scenes: [{ nodes: [0] }],
      nodes: [
        { children: [1], matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 100, 0, 0, 1] },
        { children: [2], rotation: [0, 0, half, half] },
        { mesh: 0, translation: [0, 3, 0], scale: [1, 2, 5] },
      ],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [UNIT_BOX],
    })

    const { bounds } = inspectGlb(glb)

    // Scale: x ±1, y ±2, z ±5; moved up by 3; a quarter turn takes y to −x; the parent doubles it and moves it.
    expect(bounds).toEqual({ min: [90, -2, -10], max: [98, 2, 10], size: [8, 4, 20] })
  })

  it.each([
    [4, 24, 8],
    [5, 24, 22],
    [6, 24, 22],
    [1, 24, 0],
    [0, 24, 0],
    [5, 1, 0],
  ])('counts the triangles of mode %i without indices', (mode, count, triangles) => {
    const glb = assembleGlb({
      asset,
      nodes: [{ mesh: 0 }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 }, mode }] }],
      accessors: [{ ...UNIT_BOX, count }],
    })

    expect(inspectGlb(glb).triangles).toBe(triangles)
  })

  it('reads the positions when the file tells no min and max', () => {
    const positions = Float32Array.from([9, 9, 0, 0, 0, 0, 1, 0, 0, 0, 2, -3])
    const glb = assembleGlb(
      {
        asset,
        nodes: [{ mesh: 0, translation: [1, 0, 0] }],
        meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
        accessors: [{ componentType: 5126, type: 'VEC3', count: 3, bufferView: 0, byteOffset: 12 }],
        bufferViews: [{ buffer: 0, byteLength: 48 }],
        buffers: [{ byteLength: 48 }],
      },
      new Uint8Array(positions.buffer),
    )

    expect(inspectGlb(glb).bounds).toEqual({ min: [1, 0, -3], max: [2, 2, 0], size: [1, 2, 3] })
  })

  it('reads positions that the JSON holds', () => {
    const positions = new Float32Array([0, 0, 0, 3, 0, 0, 0, 4, 5])
    const uri = `data:application/octet-stream;base64,${Buffer.from(positions.buffer).toString('base64')}`
    const glb = assembleGlb({
      asset: { version: '2.0' },
      scenes: [{ nodes: [0] }],
      nodes: [{ mesh: 0 }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: 'VEC3' }],
      bufferViews: [{ buffer: 0, byteLength: 36 }],
      buffers: [{ byteLength: 36, uri }],
    })

    expect(inspectGlb(glb)).toMatchObject({ triangles: 1, bounds: { size: [3, 4, 5] } })
  })

  it('scales quantized positions', () => {
    const glb = assembleGlb({
      asset,
      nodes: [{ mesh: 0, scale: [2, 2, 2] }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [
        {
          componentType: 5122,
          normalized: true,
          type: 'VEC3',
          count: 3,
          min: [-32767, 0, 0],
          max: [32767, 0, 0],
        },
      ],
    })

    expect(inspectGlb(glb).bounds.size).toEqual([4, 0, 0])
  })

  it('counts materials, textures and animations, and finds nothing in an empty scene', () => {
    const glb = assembleGlb({ asset, materials: [{}, {}], textures: [{}], animations: [{}, {}, {}] })

    expect(inspectGlb(glb)).toEqual({
      triangles: 0,
      vertices: 0,
      materials: 2,
      textures: 1,
      animations: 3,
      bounds: { min: [0, 0, 0], max: [0, 0, 0], size: [0, 0, 0] },
      revision: 2,
    })
  })

  const nan = new Uint8Array(Float32Array.from([NaN, 0, 0]).buffer)
  const meshes = [{ primitives: [{ attributes: { POSITION: 0 } }] }]
  const plain = { componentType: 5126, type: 'VEC3', count: 1, bufferView: 0 }
  it.each<[string, unknown, Uint8Array?]>([
    ['JSON that does not parse', '{"asset":'],
    ['no asset', {}],
    ['a node that does not exist', { asset, scenes: [{ nodes: [7] }] }],
    ['a loop of nodes', { asset, scenes: [{ nodes: [0] }], nodes: [{ children: [0] }] }],
    ['an accessor that does not exist', { asset, nodes: [{ mesh: 0 }], meshes }],
    [
      'an infinite bound',
      `{"asset":{"version":"2.0"},"accessors":[{"componentType":5126,"count":1,"type":"VEC3","min":[1e999]}]}`,
    ],
    [
      'a position that is no number',
      {
        asset,
        nodes: [{ mesh: 0 }],
        meshes,
        accessors: [plain],
        bufferViews: [{ buffer: 0, byteLength: 12 }],
      },
      nan,
    ],
    [
      'an overflow in the transforms',
      {
        asset,
        nodes: [{ mesh: 0, scale: [1e308, 1, 1] }],
        meshes,
        accessors: [{ ...UNIT_BOX, max: [1e308, 1, 1] }],
      },
    ],
    [
      'a size that overflows although its ends do not',
      {
        asset,
        nodes: [{ mesh: 0 }],
        meshes,
        accessors: [{ ...UNIT_BOX, min: [-1e308, 0, 0], max: [1e308, 1, 1] }],
      },
    ],
    [
      'positions past the end',
      {
        asset,
        nodes: [{ mesh: 0 }],
        meshes,
        accessors: [{ ...plain, count: 2 }],
        bufferViews: [{ buffer: 0, byteLength: 24 }],
      },
      nan,
    ],
    [
      'compressed positions without bounds',
      { asset, nodes: [{ mesh: 0 }], meshes, accessors: [{ componentType: 5126, type: 'VEC3', count: 3 }] },
    ],
  ])('refuses %s', (_, json, bin) => {
    expect(codeOf(() => inspectGlb(assembleGlb(json, bin))).code).toBe('MESHY_GLB_INVALID')
  })
})
