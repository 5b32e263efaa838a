import type { Primitive, Texture } from '@gltf-transform/core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { cellOf, pieceOf, pieces, placeOf, QUADS } from './support/pieces.ts'
import { openIo, Sample } from './support/sample.ts'

const SIDE = 512
const CELL = SIDE / 8

type Color = [number, number, number]

/** A texture that shows, by a function of the place on the sheet, what every piece shows there. */
async function paint(colorAt: (x: number, y: number) => Color, turnsOf: (piece: number) => number) {
  const pixels = new Uint8Array(SIDE * SIDE * 3)
  for (let piece = 0; piece < 64; piece++) {
    const [left, top] = cellOf(piece).map((at) => at * CELL) as [number, number]
    for (let i = 0; i < CELL * CELL; i++) {
      const [column, row] = [i % CELL, Math.floor(i / CELL)]
      const inside = turned([(column + 0.5) / CELL, (row + 0.5) / CELL], 4 - turnsOf(piece))
      const [x, y] = inside.map((at) => Math.min(1, Math.max(0, (at - 0.1) / 0.8)) * 3) as [number, number]
      const color = colorAt(x + 3 * (piece % 8), y + 3 * Math.floor(piece / 8))
      pixels.set(color, ((top + row) * SIDE + left + column) * 3)
    }
  }
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer()
}

/** A place in a unit square, which is turned by quarters around its middle. */
function turned([u, v]: readonly [number, number], quarters: number): [number, number] {
  return quarters % 4 === 0 ? [u, v] : turned([1 - v, u], (quarters % 4) - 1)
}

const gradient = (x: number, y: number): Color => [(x / QUADS) * 255, (y / QUADS) * 255, 128]

/** Pieces lie in the texture in four ways. */
function turnedPlaceOf(piece: number, x: number, y: number): [number, number] {
  const cell = cellOf(piece)
  const place = placeOf(piece, x, y).map((at, axis) => at * 8 - (cell[axis] ?? 0)) as [number, number]
  const [u, v] = turned(place, piece % 4)
  return [(cell[0] + u) / 8, (cell[1] + v) / 8]
}

async function simplified(sample: Sample, triangles: number) {
  const source = await sample.write()
  const { glb, facts, notes } = await deriveModel(source, { plan: { simplify: triangles }, extras: {} })
  const document = await (await openIo()).readBinary(glb)
  const [primitive] = document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
  return { glb, facts, notes, document, primitive, source }
}

/** The color that a primitive shows in the middle of each triangle, and its corners. */
async function middles(primitive: Primitive | undefined, texture: Texture | null | undefined) {
  const { data, info } = await sharp(texture?.getImage() ?? undefined)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const indices = [...(primitive?.getIndices()?.getArray() ?? [])]
  return Array.from({ length: indices.length / 3 }, (_, i) => {
    const corners = indices.slice(i * 3, i * 3 + 3)
    const mean = (semantic: string) => {
      const values = corners.map((corner) => primitive?.getAttribute(semantic)?.getElement(corner, []) ?? [])
      return (values[0] ?? []).map((_, axis) => values.reduce((sum, one) => sum + (one[axis] ?? 0) / 3, 0))
    }
    const [u = 0, v = 0] = mean('TEXCOORD_0')
    const at = (Math.floor(v * info.height) * info.width + Math.floor(u * info.width)) * 3
    return { color: [...data.subarray(at, at + 3)], mean }
  })
}

describe('simplify, of a texture in many pieces', () => {
  it('lays them out and paints them anew, so that every triangle shows what was there', async () => {
    const sample = new Sample()
    const image = await paint(gradient, (piece) => piece % 4)
    const texture = sample.document.createTexture('Color').setImage(image).setMimeType('image/png')
    const cloth = sample.document.createMaterial('Cloth').setBaseColorTexture(texture)
    sample.node('Sheet', sample.primitive(pieces(pieceOf, turnedPlaceOf)).setMaterial(cloth))

    const { glb, facts, notes, primitive, source } = await simplified(sample, 60)

    expect(facts.triangles).toBeLessThanOrEqual(61)
    expect(notes).toEqual([])
    expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
    expect(glb.length).toBeLessThan(source.length)
    for (const { color, mean } of await middles(primitive, primitive?.getMaterial()?.getBaseColorTexture())) {
      const [x = 0, y = 0] = mean('POSITION')
      const expected = gradient(x * QUADS, y * QUADS)
      const off = expected.map((value, channel) => Math.abs(value - (color[channel] ?? 0)))
      expect(Math.max(...off)).toBeLessThan(14)
    }
  })

  it('keeps the directions of a normal map in space', async () => {
    const sample = new Sample()
    const geometry = pieces(pieceOf, turnedPlaceOf)
    // All of it leans to the right by 30°, whichever way a piece lies: rows count downwards, as y does here.
    const leans = [[0.5, 0], [0, -0.5], [-0.5, 0], [0, 0.5]] as const // prettier-ignore
    const pixels = new Uint8Array(SIDE * SIDE * 3)
    for (let piece = 0; piece < 64; piece++) {
      const [left, top] = cellOf(piece).map((at) => at * CELL) as [number, number]
      const color = [...(leans[piece % 4] ?? leans[0]), Math.sqrt(0.75)].map(
        (value) => ((value + 1) / 2) * 255,
      )
      for (let i = 0; i < CELL * CELL; i++) {
        pixels.set(color, ((top + Math.floor(i / CELL)) * SIDE + left + (i % CELL)) * 3)
      }
    }
    const image = await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .png()
      .toBuffer()
    const texture = sample.document.createTexture('Normal').setImage(image).setMimeType('image/png')
    const cloth = sample.document.createMaterial('Cloth').setNormalTexture(texture)
    const indices = geometry.indices.map((_, i, all) => all[i - (i % 3) + (2 - (i % 3))] ?? 0)
    const normals = geometry.positions.map((_, i) => (i % 3 === 2 ? -1 : 0))
    const primitive = sample.primitive({ ...geometry, indices, normals }).setMaterial(cloth)
    const count = geometry.positions.length / 3
    sample.node(
      'Sheet',
      primitive.setAttribute('TANGENT', sample.accessor('VEC4', new Float32Array(count * 4).fill(1))),
    )

    const after = await simplified(sample, 60)

    const shown = await middles(after.primitive, after.primitive?.getMaterial()?.getNormalTexture())
    for (const { color, mean } of shown) {
      const [x = 0, y = 0, z = 0] = color.map((value) => (value / 255) * 2 - 1)
      const [[nx = 0, ny = 0, nz = 0], [tx = 0, ty = 0, tz = 0, w = 1]] = [mean('NORMAL'), mean('TANGENT')]
      const bitangent = [ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx].map((value) => value * w)
      const direction = [tx, ty, tz].map(
        (value, axis) => value * x + (bitangent[axis] ?? 0) * y + ([nx, ny, nz][axis] ?? 0) * z,
      )
      const off = [0.5, 0, -Math.sqrt(0.75)].map((value, axis) => Math.abs(value - (direction[axis] ?? 0)))
      expect(Math.max(...off)).toBeLessThan(0.12)
    }
  })
})
