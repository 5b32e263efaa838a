import type { Back } from './back.ts'
import type { Shape } from './level-set.ts'
import type { Simplifier } from './libraries.ts'
import { compact, type ShadedMesh, addNormals } from './mesh.ts'
import { clamp, sum } from './plane.ts'
import { bodyHeights } from './relief.ts'
import { repair } from './repair.ts'
import { spreadSheets } from './sheets.ts'
import { slabHeights } from './slab.ts'
import { squaredSurface } from './grid.ts'

/** How many triangles the sheets have if none are to be simplified away. */
const DENSE = 300_000
/** More than the target by this factor, but not by more than this number, and never fewer than this. */
const SURPLUS = { factor: 2.2, most: 160_000, least: 14_000 }
/** Distance of grid points in pixels. */
const STEP = { min: 0.12, max: 2.5 }

/**
 * Inflates the shape and covers it with triangles, in pixels.
 *
 * `triangles` is exact, unless the shape is too small for that many; `undefined` keeps all of them.
 */
export function buildMesh(
  simplifier: Simplifier,
  shape: Shape,
  { back, triangles }: { back: Back; triangles: number | undefined },
): ShadedMesh {
  const { phi, inside } = shape
  const heights = shape.kind === 'slab' ? slabHeights(shape) : bodyHeights(shape, back.kind === 'mirror')
  const front = squaredSurface(heights.front, phi, heights.rim)
  const behind = heights.back === heights.front ? front : squaredSurface(heights.back, phi, heights.rim)
  const step = stepFor(sum(inside), triangles)
  const sheets = spreadSheets({ phi, front, back: behind }, { step, seam: back.kind !== 'mirror' })
  const shaded = addNormals(sheets)
  return triangles === undefined ? shaded : repair(compact(simplify(simplifier, shaded, triangles)))
}

/** A square of the grid gives four triangles, two for each sheet. */
function stepFor(area: number, triangles: number | undefined): number {
  const wanted =
    triangles === undefined ? DENSE : Math.min(triangles * SURPLUS.factor, triangles + SURPLUS.most)
  return clamp(Math.sqrt((4 * area) / Math.max(SURPLUS.least, wanted)), STEP.min, STEP.max)
}

/** How much a changed normal weighs compared with a moved vertex. */
const NORMAL_WEIGHT = 0.25

/** Reduces a closed mesh to a number of triangles. Such meshes have even counts: an odd one becomes the next lower. */
function simplify(simplifier: Simplifier, mesh: ShadedMesh, triangles: number): ShadedMesh {
  const target = (triangles - (triangles % 2)) * 3
  if (mesh.indices.length <= target) return mesh
  const [indices] = simplifier.simplifyWithAttributes(
    mesh.indices,
    mesh.positions,
    3,
    mesh.normals,
    3,
    [NORMAL_WEIGHT, NORMAL_WEIGHT, NORMAL_WEIGHT],
    null,
    target,
    1,
  )
  return { ...mesh, indices }
}
