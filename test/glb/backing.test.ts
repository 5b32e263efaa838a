import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { readGlb } from '../../src/glb/read.ts'
import { assembleGlb, codeOf } from './fixtures.ts'

const asset = { version: '2.0' }
const FLOAT = 5126
const SHORT = 5123
const HUGE = 100_000_000

interface Scene {
  accessors: object[]
  bufferViews?: object[]
  buffers?: object[]
  primitive?: object
  images?: object[]
}

/** A scene of one mesh whose positions are the first accessor. */
function scene({ primitive, ...rest }: Scene) {
  const primitives = [{ attributes: { POSITION: 0 }, ...primitive }]
  return { asset, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }], meshes: [{ primitives }], ...rest }
}

const box = { min: [0, 0, 0], max: [1, 1, 1] }
const floats = { componentType: FLOAT, type: 'VEC3', bufferView: 0, ...box }
const meshopt = (count: number, byteLength: number) => ({
  EXT_meshopt_compression: { buffer: 0, byteLength, byteStride: 12, count, mode: 'ATTRIBUTES' },
})

describe('numbers of a GLB', () => {
  it.each<[string, object, number?]>([
    [
      'vertices that all lie at one place',
      scene({
        accessors: [{ ...floats, count: HUGE }],
        bufferViews: [{ buffer: 0, byteLength: 16, byteStride: 0 }],
      }),
    ],
    [
      'vertices that overlap',
      scene({
        accessors: [{ ...floats, count: 16 }],
        bufferViews: [{ buffer: 0, byteLength: 64, byteStride: 1 }],
      }),
    ],
    ['vertices without any bytes', scene({ accessors: [{ ...floats, bufferView: undefined, count: HUGE }] })],
    [
      'more indices than the view holds',
      scene({
        accessors: [
          { ...floats, count: 1 },
          { componentType: SHORT, type: 'SCALAR', bufferView: 0, count: HUGE },
        ],
        bufferViews: [{ buffer: 0, byteLength: 16 }],
        primitive: { indices: 1 },
      }),
    ],
    [
      'a view beyond the binary chunk',
      scene({ accessors: [{ ...floats, count: HUGE }], bufferViews: [{ buffer: 0, byteLength: 12 * HUGE }] }),
    ],
    [
      'a buffer in another file',
      scene({
        accessors: [{ ...floats, count: HUGE }],
        bufferViews: [{ buffer: 0, byteLength: 12 * HUGE }],
        buffers: [{ byteLength: 12 * HUGE, uri: 'positions.bin' }],
      }),
    ],
    [
      'a buffer within the JSON that is too short',
      scene({
        accessors: [{ ...floats, count: 100 }],
        bufferViews: [{ buffer: 0, byteLength: 1200 }],
        buffers: [{ byteLength: 1200, uri: 'data:application/octet-stream;base64,AAAA' }],
      }),
    ],
    [
      'more than meshopt makes of its bytes',
      scene({
        accessors: [{ ...floats, count: HUGE }],
        bufferViews: [{ buffer: 1, byteLength: 12 * HUGE, extensions: meshopt(HUGE, 24) }],
        buffers: [{ byteLength: 64 }, { byteLength: 12 * HUGE, extensions: { EXT_meshopt_compression: {} } }],
      }),
    ],
    [
      'plain numbers in the room for decoded ones',
      scene({
        accessors: [{ ...floats, count: HUGE }],
        bufferViews: [{ buffer: 1, byteLength: 12 * HUGE }],
        buffers: [{ byteLength: 64 }, { byteLength: 12 * HUGE, extensions: { EXT_meshopt_compression: {} } }],
      }),
    ],
    [
      'more than Draco makes of its bytes',
      scene({
        accessors: [{ ...floats, bufferView: undefined, count: HUGE }],
        bufferViews: [{ buffer: 0, byteLength: 24 }],
        primitive: {
          extensions: { KHR_draco_mesh_compression: { bufferView: 0, attributes: { POSITION: 0 } } },
        },
      }),
    ],
    [
      'more sparse values than elements',
      scene({
        accessors: [
          {
            ...floats,
            count: 1,
            sparse: { count: 4, indices: { bufferView: 0, componentType: SHORT }, values: { bufferView: 0 } },
          },
        ],
        bufferViews: [{ buffer: 0, byteLength: 64 }],
      }),
    ],
    [
      'sparse values without bytes',
      scene({
        accessors: [
          {
            ...floats,
            count: 5,
            sparse: { count: 5, indices: { bufferView: 0, componentType: SHORT }, values: { bufferView: 1 } },
          },
        ],
        bufferViews: [
          { buffer: 0, byteLength: 64 },
          { buffer: 0, byteLength: 12 },
        ],
      }),
    ],
    ['a type that glTF does not have', scene({ accessors: [{ ...floats, type: 'VEC9', count: 1 }] })],
    ['a picture in a view that does not exist', scene({ accessors: [], images: [{ bufferView: 3 }] })],
  ])('are refused where they claim %s', (_, json) => {
    const glb = assembleGlb(json, new Uint8Array(64))

    expect(codeOf(() => inspectGlb(glb)).code).toBe('MESHY_GLB_INVALID')
  })

  it.each<[string, Scene]>([
    [
      'interleaved vertices',
      {
        accessors: [
          { ...floats, count: 4 },
          { ...floats, byteOffset: 12, count: 2 },
        ],
        bufferViews: [{ buffer: 0, byteLength: 64, byteStride: 16 }],
      },
    ],
    [
      'a stride of 0, as exporters write for none',
      { accessors: [{ ...floats, count: 5 }], bufferViews: [{ buffer: 0, byteLength: 60, byteStride: 0 }] },
    ],
    [
      'views that meshopt has packed',
      {
        accessors: [{ ...floats, count: 500 }],
        bufferViews: [{ buffer: 1, byteLength: 6000, extensions: meshopt(500, 64) }],
        buffers: [{ byteLength: 64 }, { byteLength: 6000, extensions: { EXT_meshopt_compression: {} } }],
      },
    ],
    [
      'vertices that Draco has packed',
      {
        accessors: [{ ...floats, bufferView: undefined, count: 5000 }],
        bufferViews: [{ buffer: 0, byteLength: 64 }],
        primitive: {
          extensions: { KHR_draco_mesh_compression: { bufferView: 0, attributes: { POSITION: 0 } } },
        },
      },
    ],
    [
      'zeros of which some are replaced',
      {
        accessors: [
          {
            ...floats,
            bufferView: undefined,
            count: 40,
            sparse: { count: 2, indices: { bufferView: 0, componentType: SHORT }, values: { bufferView: 1 } },
          },
        ],
        bufferViews: [
          { buffer: 0, byteLength: 4 },
          { buffer: 0, byteOffset: 4, byteLength: 24 },
        ],
      },
    ],
  ])('are right for %s', (_, parts) => {
    const glb = assembleGlb(scene(parts), new Uint8Array(64))

    expect(readGlb(glb).json.accessors).toHaveLength(parts.accessors.length)
  })

  it('are counted by what is there alone, whatever numbers stand in the file', () => {
    const number = fc.oneof(
      fc.constantFrom(0, 1, 2, 12, 255, 5121, FLOAT, SHORT, HUGE, 2 ** 31, 2 ** 53, -1, 0.5, 1e308),
      fc.nat(),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), number), { maxLength: 6 }), (changes) => {
        const glb = assembleGlb(withNumbers(SAMPLE, changes), new Uint8Array(64))
        const facts = resultOf(() => inspectGlb(glb))
        if (facts) expect(facts.vertices).toBeLessThanOrEqual(glb.length)
      }),
      { numRuns: 600 },
    )
  })

  it('never fail in another way than by our error, whatever stands in their places', () => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (place, value) => {
        resultOf(() => inspectGlb(assembleGlb(withValue(SAMPLE, place, value), new Uint8Array(64))))
      }),
      { numRuns: 600 },
    )
  })

  it('never fail in another way where bytes were changed', () => {
    const sound = assembleGlb(SAMPLE, new Uint8Array(64))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255))), (changes) => {
        const glb = sound.slice()
        for (const [at, byte] of changes) glb[at] = byte
        resultOf(() => inspectGlb(glb))
      }),
      { numRuns: 500 },
    )
  })

  it('are told of once, however many are wrong', () => {
    const children = Array.from({ length: 200_000 }, () => '')
    const { message } = codeOf(() => readGlb(assembleGlb({ asset, nodes: [{ children }] })))

    expect(message).toContain('nodes.0.children.0')
    expect(message.length).toBeLessThan(300)
  })

  it('are read of a node below a hundred thousand others', () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => ({ children: [i + 1] }))
    const json = { asset, scenes: [{ nodes: [0] }], nodes: [...nodes, {}] }

    expect(inspectGlb(assembleGlb(json)).vertices).toBe(0)
  })
})

/** A part of everything that is held against bytes. */
const SAMPLE = {
  asset,
  scene: 0,
  scenes: [{ nodes: [0] }],
  nodes: [
    { mesh: 0, children: [1] },
    { mesh: 0, scale: [1, 1, 1] },
  ],
  meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1, mode: 4 }] }],
  accessors: [
    { componentType: FLOAT, type: 'VEC3', count: 2, bufferView: 0, byteOffset: 0 },
    { componentType: SHORT, type: 'SCALAR', count: 3, bufferView: 1 },
    {
      componentType: FLOAT,
      type: 'VEC3',
      count: 4,
      sparse: { count: 1, indices: { bufferView: 1, componentType: SHORT }, values: { bufferView: 0 } },
    },
  ],
  bufferViews: [
    { buffer: 0, byteOffset: 0, byteLength: 24, byteStride: 12 },
    { buffer: 0, byteOffset: 24, byteLength: 8 },
  ],
  buffers: [{ byteLength: 64 }],
  images: [{ bufferView: 1, mimeType: 'image/png' }],
}

/** Replaces numbers of a document; which ones, by their place among all. */
function withNumbers(json: object, changes: readonly [place: number, value: number][]): object {
  const total = JSON.stringify(json).match(NUMBER)?.length ?? 1
  let place = -1
  const text = JSON.stringify(json).replace(NUMBER, (found) => {
    place += 1
    const change = changes.find(([at]) => at % total === place)
    return change ? String(change[1]) : found
  })
  return JSON.parse(text) as object
}

const NUMBER = /(?<=[:[,])\d+(?=[,\]}])/g

/** Replaces any value of a document. */
function withValue(json: object, place: number, value: unknown): object {
  const places: [Record<string, unknown>, string][] = []
  const visit = (parent: Record<string, unknown>) => {
    for (const [name, child] of Object.entries(parent)) {
      places.push([parent, name])
      if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>)
    }
  }
  const changed = structuredClone(json) as Record<string, unknown>
  visit(changed)
  const [parent, name] = places[place % places.length] ?? [changed, 'asset']
  parent[name] = value
  return changed
}

/** What `run` returns, or undefined where it throws an error of ours. */
function resultOf<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (isMeshyError(error)) return undefined
    throw error
  }
}
