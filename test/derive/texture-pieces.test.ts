import { describe, expect, it } from 'vitest'
import type { Primitive } from '@gltf-transform/core'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { openIo, Sample } from './support/sample.ts'

type Place = [u: number, v: number]

const QUADS = 24

/** A sheet with waves whose quads have their place in the texture by a function, and share vertices within a piece. */
function pieces(
  pieceOf: (x: number, y: number) => number,
  placeOf: (piece: number, x: number, y: number) => Place,
) {
  const known = new Map<string, number>()
  const [positions, uvs, indices]: [number[], number[], number[]] = [[], [], []]
  const vertex = (piece: number, x: number, y: number): number => {
    const key = [piece, x, y].join()
    const found = known.get(key) ?? known.size
    if (!known.has(key)) {
      positions.push(x / QUADS, y / QUADS, 0.03 * Math.sin(x / 3) * Math.sin(y / 4))
      uvs.push(...placeOf(piece, x, y))
    }
    known.set(key, found)
    return found
  }
  for (let i = 0; i < QUADS * QUADS; i++) {
    const [x, y] = [i % QUADS, Math.floor(i / QUADS)]
    const piece = pieceOf(x, y)
    const [a, b, c, d] = [[x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]].map(([u = 0, v = 0]) => vertex(piece, u, v)) // prettier-ignore
    indices.push(a ?? 0, b ?? 0, d ?? 0, a ?? 0, d ?? 0, c ?? 0)
  }
  const normals = positions.map((_, i) => (i % 3 === 2 ? 1 : 0))
  return {
    positions: new Float32Array(positions),
    normals: new Float32Array(normals),
    uvs: new Float32Array(uvs),
    indices: new Uint16Array(indices),
  }
}

/** The places in the texture of each triangle after `simplify`. */
async function simplified(geometry: ReturnType<typeof pieces>, simplify: number) {
  const sample = new Sample()
  sample.node('Sheet', sample.primitive(geometry).setMaterial(textured(sample)))
  const { glb, facts, notes } = await deriveModel(await sample.write(), { plan: { simplify }, extras: {} })
  const document = await (await openIo()).readBinary(glb)
  const [primitive] = document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
  return { triangles: primitive ? placesOf(primitive) : [], count: facts.triangles, notes: notes.join('\n') }
}

function textured({ document }: Sample) {
  const texture = document.createTexture('Color').setImage(new Uint8Array(8)).setMimeType('image/png')
  return document.createMaterial('Cloth').setBaseColorTexture(texture)
}

function placesOf(primitive: Primitive): Place[][] {
  const places = primitive.getAttribute('TEXCOORD_0')
  const indices = [...(primitive.getIndices()?.getArray() ?? [])]
  return Array.from({ length: indices.length / 3 }, (_, i) =>
    indices.slice(i * 3, i * 3 + 3).map((vertex) => places?.getElement<Place>(vertex, [0, 0]) ?? [0, 0]),
  )
}

describe('simplify, of a texture in pieces', () => {
  it('lets no triangle show what lies between pieces, however few are left, and says that it shows', async () => {
    const side = 8
    const geometry = pieces(
      (x, y) => Math.floor(x / 3) + side * Math.floor(y / 3),
      (piece, x, y) => {
        const cell = (piece * 37) % (side * side)
        const inside = [x - 3 * (piece % side), y - 3 * Math.floor(piece / side)].map(
          (at) => 0.1 + 0.8 * (at / 3),
        )
        return [
          ((cell % side) + (inside[0] ?? 0)) / side,
          (Math.floor(cell / side) + (inside[1] ?? 0)) / side,
        ]
      },
    )

    const { triangles, count, notes } = await simplified(geometry, 60)

    expect(count).toBeLessThanOrEqual(61)
    for (const corners of triangles) {
      expect(new Set(corners.map((place) => place.map((at) => Math.floor(at * side)).join())).size).toBe(1)
    }
    expect(notes).toMatch(/cuts across pieces of the texture: \d+ % of its surface/)
  })

  it('lets no triangle show what another piece keeps in a hole', async () => {
    const isHole = (x: number, y: number) => [x, y].every((at) => at >= 10 && at < 14)
    const geometry = pieces(
      (x, y) => (x < 2 ? 2 : Number(isHole(x, y))),
      (piece, x, y) => {
        if (piece === 0) return [(0.8 * x) / QUADS, (0.8 * y) / QUADS]
        // What shows in the hole is elsewhere, and what is in the hole of the texture is the sheet's side.
        if (piece === 1) return [0.85 + (0.1 * (x - 10)) / 4, (0.1 * (y - 10)) / 4]
        return [0.8 * ((10.2 + 1.8 * x) / QUADS), 0.8 * ((10.2 + (3.6 * y) / QUADS) / QUADS)]
      },
    )

    const { triangles } = await simplified(geometry, 12)

    const within = (low: number, high: number) => (place: Place) =>
      place.every((at) => at > (0.8 * low) / QUADS && at < (0.8 * high) / QUADS)
    const inHole = within(10.5, 13.5)
    const sheet = triangles.filter((corners) => !corners.every(within(9.9, 14.1)))
    const shares = sheet.map(
      (corners) => samplesOf(corners).filter(inHole).length / samplesOf(corners).length,
    )
    expect(Math.max(...shares)).toBeLessThan(0.12)
  })
})

function samplesOf([a = [0, 0], b = [0, 0], c = [0, 0]]: Place[]): Place[] {
  const steps = Array.from({ length: 20 }, (_, i) => (i + 1 / 3) / 20)
  return steps.flatMap((s) =>
    steps
      .filter((t) => s + t < 1)
      .map((t): Place => [
        a[0] * s + b[0] * t + c[0] * (1 - s - t),
        a[1] * s + b[1] * t + c[1] * (1 - s - t),
      ]),
  )
}
