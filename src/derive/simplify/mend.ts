import { chartsOf } from './charts.ts'
import { fitterOf, positionOf, type Blend } from './fit.ts'
import type { Reduced } from './reduce.ts'
import type { Surface } from './surface-types.ts'
import { cross, distance, minus, type Vec } from './vectors.ts'

/** Triangles that are in one piece of the texture each. */
export interface Mended extends Reduced {
  /** Corners, by where they are in the indices, that have another place in the texture than their vertex. */
  blends: Map<number, Blend>
  /** The part of the surface whose texture is laid anew, each triangle by how badly that fits. */
  laid: number
}

/**
 * Puts every triangle into one piece of the texture. One whose corners are in several would show all that lies between
 * those, and one that spans a hole of its piece what lies in there.
 */
export function mendTexture(surface: Surface, reduced: Reduced): Mended {
  const fit = fitterOf(surface)
  const indices = reduced.indices.slice()
  const blends = new Map<number, Blend>()
  const area = { laid: 0, whole: 0 }
  for (let at = 0; at < indices.length; at += 3) {
    const corners = [...indices.subarray(at, at + 3)]
    const found = fit(corners)
    const size = areaOf(corners.map((corner) => positionOf(surface, corner)))
    area.whole += size
    if (!found) continue
    area.laid += size * Math.min(1, found.cost)
    found.blends.forEach((blend, i) => {
      const own = vertexOf(surface, blend, corners[i] ?? 0)
      if (own === undefined) blends.set(at + i, blend)
      else indices[at + i] = own
    })
  }
  return { indices, blends, error: reduced.error, laid: area.whole > 0 ? area.laid / area.whole : 0 }
}

/** The part of a surface that is in several pieces of the texture at once. */
export function cutShare(surface: Surface, { indices }: Reduced): number {
  const charts = chartsOf(surface)
  const area = { cut: 0, whole: 0 }
  for (let at = 0; at < indices.length; at += 3) {
    const corners = [...indices.subarray(at, at + 3)]
    const size = areaOf(corners.map((corner) => positionOf(surface, corner)))
    area.whole += size
    if (new Set(corners.map((corner) => charts[corner])).size > 1) area.cut += size
  }
  return area.whole > 0 ? area.cut / area.whole : 0
}

/** The vertex that is where a corner is in the model and in the texture. */
function vertexOf(surface: Surface, { vertices: [vertex = 0, ...more] }: Blend, corner: number) {
  if (more.length > 0) return undefined
  return distance(positionOf(surface, vertex), positionOf(surface, corner)) === 0 ? vertex : undefined
}

export function areaOf([a = [], b = [], c = []]: Vec[]): number {
  const normal = cross(minus(b, a), minus(c, a))
  return Math.hypot(...normal) / 2
}
