import type { Document } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import { layOut } from './atlas.ts'
import { eachTexel, type Corner } from './canvas.ts'
import { TriangleTree } from './nearest-triangle.ts'
import { createPainter, type Pair } from './paint.ts'
import { cornersOf, faceOf, placeIn, positionIn, readPatch, type Patch } from './patch.ts'
import { openPainting, writePainting } from './pictures.ts'
import type { Sheet } from './sheets.ts'
import { writeTangents } from './tangents.ts'

/** Of so many texels in a row, one is looked up among all triangles; the others mostly are in the same one. */
const STRIDE = 4

/**
 * Lays the triangles of a sheet out anew, and paints its textures for that: each texel shows what the source shows at the
 * place that is nearest to it.
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

/** Takes out what says how textures lie, so that vertices are one which only that kept apart. */
export function forgetLayout({ parts }: Sheet, { functions }: Tools): void {
  for (const { primitive } of parts) {
    primitive.setAttribute('TEXCOORD_0', null).setAttribute('TANGENT', null)
    functions.weldPrimitive(primitive)
  }
}

/** Tells where in space a place of a triangle is. */
function blender(patch: Patch, triangle: number): (weights: readonly number[]) => number[] {
  const [a = [], b = [], c = []] = cornersOf(patch, triangle).map((vertex) => positionIn(patch, vertex))
  return ([s = 0, t = 0, r = 0]) =>
    a.map((value, axis) => value * s + (b[axis] ?? 0) * t + (c[axis] ?? 0) * r)
}

function placesOf(patch: Patch, triangle: number): [Corner, Corner, Corner] {
  const [a = 0, b = 0, c = 0] = cornersOf(patch, triangle)
  return [placeIn(patch, a), placeIn(patch, b), placeIn(patch, c)]
}
