import { describe, expect, it } from 'vitest'
import type { Primitive } from '@gltf-transform/core'
import { KHRTextureBasisu } from '@gltf-transform/extensions'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { pieceOf, pieces, placeOf, QUADS, type Place } from './support/pieces.ts'
import { openIo, Sample } from './support/sample.ts'

/** The places in the texture of each triangle after `simplify`. */
async function simplified(geometry: ReturnType<typeof pieces>, simplify: number) {
  const sample = new Sample()
  sample.node('Sheet', sample.primitive(geometry).setMaterial(textured(sample)))
  const { glb, facts, notes } = await deriveModel(await sample.write(), { plan: { simplify }, extras: {} })
  const document = await (await openIo()).readBinary(glb)
  const [primitive] = document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
  return { triangles: primitive ? placesOf(primitive) : [], count: facts.triangles, notes: notes.join('\n') }
}

/** A texture for graphics cards, which stays as it is. */
function textured({ document }: Sample) {
  const texture = document.createTexture('Color').setImage(new Uint8Array(8)).setMimeType('image/ktx2')
  document.createExtension(KHRTextureBasisu).setRequired(true)
  return document.createMaterial('Cloth').setBaseColorTexture(texture)
}

function placesOf(primitive: Primitive): Place[][] {
  const places = primitive.getAttribute('TEXCOORD_0')
  const indices = [...(primitive.getIndices()?.getArray() ?? [])]
  return Array.from({ length: indices.length / 3 }, (_, i) =>
    indices.slice(i * 3, i * 3 + 3).map((vertex) => places?.getElement<Place>(vertex, [0, 0]) ?? [0, 0]),
  )
}

describe('simplify, of a texture in pieces whose pixels cannot be read', () => {
  it('lets no triangle show what lies between pieces, however few are left, and says that it shows', async () => {
    const side = 8
    const geometry = pieces(pieceOf, placeOf)

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
