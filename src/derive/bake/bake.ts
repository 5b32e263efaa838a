import type { Document, Primitive } from '@gltf-transform/core'
import type { Atlas, Mesh } from 'watlas'
import { need, type Tools } from '../libraries.ts'
import { eachTexel, type Corner, createPainter, openPainting, writePainting, type Pair } from './paint.ts'
import { TriangleTree } from './nearest-triangle.ts'
import { cornersOf, faceOf, placeIn, readPatch, writeTangents, type Patch } from './patch.ts'
import type { Sheet } from './sheets.ts'
import { spread, mapAttributes } from '../simplify/vertices.ts'
import { vertexAt } from '../simplify/vectors.ts'

/** Of this many texels in a row, one is looked up among all triangles; the others are mostly in the same one. */
const STRIDE = 4

/**
 * Lays out the triangles of a sheet again, and paints its textures accordingly: each texel shows what the source shows
 * at the place that is nearest to it.
 */
export async function bake(document: Document, sheet: Sheet, tools: Tools): Promise<void> {
  const sides = sheet.textures.flatMap((texture) => texture.getSize() ?? [])
  const side = Math.max(1, ...sides)
  await layOut(document, sheet, side, tools)
  const paintings = await Promise.all(sheet.textures.map((texture) => openPainting(texture, side, tools)))
  const paint = createPainter(paintings)
  for (const { primitive, source, hasTangents } of sheet.parts) {
    const target = readPatch(primitive)
    paintPatch({ source, target }, side, paint)
    if (hasTangents) writeTangents(document, primitive, target)
  }
  for (const painting of paintings) await writePainting(painting, tools)
}

function paintPatch(
  { source, target }: Pick<Pair, 'source' | 'target'>,
  side: number,
  paint: (texel: number, pair: Pair) => void,
): void {
  const tree = new TriangleTree(source)
  for (let triangle = 0; triangle < target.indices.length / 3; triangle++) {
    const facing = faceOf(target, triangle)
    const at = blender(target, triangle)
    let hint: number | undefined
    eachTexel(side, placesOf(target, triangle), (texel, weights) => {
      const there = tree.find({ place: at(weights), facing }, { hint, isEnough: texel % STRIDE > 0 })
      hint = there.triangle
      paint(texel, { source, target, there, here: { triangle, weights } })
    })
  }
}

/** Removes the data about how textures are laid out, so that vertices that were only separated by it can merge. */
export function forgetLayout({ parts }: Sheet, { functions }: Tools): void {
  for (const { primitive } of parts) {
    primitive.setAttribute('TEXCOORD_0', null).setAttribute('TANGENT', null)
    functions.weldPrimitive(primitive)
  }
}

/** Computes where in space a place of a triangle is. */
function blender(patch: Patch, triangle: number): (weights: readonly number[]) => number[] {
  const [a = [], b = [], c = []] = cornersOf(patch, triangle).map((vertex) =>
    vertexAt(patch.positions, vertex),
  )
  return ([s = 0, t = 0, r = 0]) =>
    a.map((value, axis) => value * s + (b[axis] ?? 0) * t + (c[axis] ?? 0) * r)
}

function placesOf(patch: Patch, triangle: number): [Corner, Corner, Corner] {
  const [a = 0, b = 0, c = 0] = cornersOf(patch, triangle)
  return [placeIn(patch, a), placeIn(patch, b), placeIn(patch, c)]
}

/** The minimum distance between pieces, in texels for each thousand of a side. */
const PADDING = 4

/** Lays out the triangles of a sheet's primitives again, so that none overlaps another. */
async function layOut(document: Document, sheet: Sheet, side: number, tools: Tools): Promise<void> {
  const watlas = need(tools, 'watlas')
  const atlas = new watlas.Atlas()
  try {
    for (const part of sheet.parts) addMesh(atlas, part)
    const padding = Math.max(2, Math.round((PADDING * side) / 1000))
    atlas.generate({}, { padding, resolution: side, bilinear: true })
    sheet.parts.forEach(({ primitive }, i) =>
      writeMesh(document, primitive, { atlas, mesh: atlas.getMesh(i) }),
    )
  } finally {
    atlas.delete()
  }
}

function addMesh(atlas: Atlas, { primitive, scale }: Sheet['parts'][number]): void {
  const positions = primitive.getAttribute('POSITION')
  const count = positions?.getCount() ?? 0
  const values = new Float32Array(count * 3)
  for (let i = 0; i < count; i++) {
    values.set(positions?.getElement(i, []).map((value) => value * scale) ?? [], i * 3)
  }
  const indices = primitive.getIndices()?.getArray()
  atlas.addMesh({
    vertexCount: count,
    vertexPositionData: values,
    vertexPositionStride: 12,
    indexData: Uint32Array.from(indices ?? []),
    indexCount: indices?.length ?? 0,
  })
}

/** Vertices at the edge of a piece exist once for each piece. */
function writeMesh(
  document: Document,
  primitive: Primitive,
  { atlas, mesh }: { atlas: Atlas; mesh: Mesh },
): void {
  const vertices = Array.from({ length: mesh.vertexCount }, (_, i) => mesh.getVertex(i))
  const like = vertices.map(({ xref }) => xref)
  mapAttributes(primitive, (source) => spread(source, like))
  const places = vertices.flatMap(({ uv: [u, v] }) => [u / atlas.width, v / atlas.height])
  const indices = new Uint32Array(mesh.indexCount)
  mesh.getIndexArray(indices)
  const buffer = primitive.getAttribute('POSITION')?.getBuffer() ?? null
  const accessor = () => document.createAccessor().setBuffer(buffer)
  primitive.setAttribute('TEXCOORD_0', accessor().setType('VEC2').setArray(new Float32Array(places)))
  primitive.setIndices(accessor().setType('SCALAR').setArray(indices))
}
