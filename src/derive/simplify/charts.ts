import type { Reduced } from './reduce.ts'
import type { Surface } from './surface.ts'

/** Where the corners of triangles take their place in the texture: the vertex of each, or another one of the same part. */
export interface Mended extends Reduced {
  donors: Uint32Array
}

/**
 * Puts every triangle into one piece of the texture. One whose corners are in several would show all that lies between
 * those: it goes into the nearest of them, and a corner that has no place there takes that of the nearest vertex there.
 */
export function mendCharts(surface: Surface, reduced: Reduced): Mended {
  const charts = chartsOf(surface)
  const wedges = wedgesOf(surface)
  const members = grouped(charts.length, (vertex) => charts[vertex] ?? 0)
  const indices = reduced.indices.slice()
  const donors = indices.slice()
  for (let at = 0; at < indices.length; at += 3) {
    const corners = Array.from(indices.subarray(at, at + 3))
    if (new Set(corners.map((corner) => charts[corner])).size === 1) continue
    const candidates = new Set(
      corners.flatMap((corner) => wedges(corner).map((vertex) => charts[vertex] ?? 0)),
    )
    const fits = Array.from(candidates, (chart) => fit(surface, corners, members.get(chart) ?? []))
    const [best] = fits.toSorted((a, b) => a.distance - b.distance)
    donors.set(best?.donors ?? corners, at)
    best?.donors.forEach((donor, i) => {
      if (samePlace(surface, donor, corners[i] ?? 0)) indices[at + i] = donor
    })
  }
  return { indices, donors, error: reduced.error }
}

/** The piece of the texture that each vertex is in: pieces share no vertex. */
function chartsOf({ indices, positions }: Surface): Uint32Array {
  const parents = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => vertex)
  const rootOf = (vertex: number): number => {
    let at = vertex
    while (parents[at] !== at) at = parents[at] = parents[parents[at] ?? at] ?? at
    return at
  }
  for (let at = 0; at < indices.length; at += 3) {
    const root = rootOf(indices[at] ?? 0)
    parents[rootOf(indices[at + 1] ?? 0)] = root
    parents[rootOf(indices[at + 2] ?? 0)] = rootOf(root)
  }
  return parents.map((_, vertex) => rootOf(vertex))
}

/** Tells all vertices at the place of one. */
function wedgesOf({ positions }: Surface): (vertex: number) => number[] {
  const keyOf = (vertex: number) => positions.subarray(vertex * 3, vertex * 3 + 3).join()
  const groups = grouped(positions.length / 3, keyOf)
  return (vertex) => groups.get(keyOf(vertex)) ?? []
}

function grouped<K>(count: number, keyOf: (vertex: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>()
  for (let vertex = 0; vertex < count; vertex++) {
    const key = keyOf(vertex)
    const group = groups.get(key) ?? []
    group.push(vertex)
    groups.set(key, group)
  }
  return groups
}

/** The vertices of one piece that are nearest to the corners, and how far away they are in all. */
function fit(surface: Surface, corners: number[], chart: number[]): { donors: number[]; distance: number } {
  let distance = 0
  const donors = corners.map((corner) => {
    let nearest = { vertex: corner, distance: Infinity }
    for (const vertex of chart) {
      const between = distanceOf(surface, corner, vertex)
      if (between < nearest.distance) nearest = { vertex, distance: between }
    }
    distance += nearest.distance
    return nearest.vertex
  })
  return { donors, distance }
}

function samePlace(surface: Surface, a: number, b: number): boolean {
  return distanceOf(surface, a, b) === 0
}

function distanceOf({ positions }: Surface, a: number, b: number): number {
  const along = (axis: number) => (positions[a * 3 + axis] ?? 0) - (positions[b * 3 + axis] ?? 0)
  return along(0) ** 2 + along(1) ** 2 + along(2) ** 2
}
