import type { Mesh } from './mesh.ts'
import { indexAt } from './plane.ts'

/** An edge that has not exactly two triangles, in opposite directions. */
export interface CrowdedEdge {
  /** Places at its ends, the smaller number first. */
  from: number
  to: number
  /** Triangles that run along it from `from` to `to`, and the other way. */
  forward: number[]
  backward: number[]
}

/** Finds the edges of a mesh, by places, that are not shared by two triangles. */
export function findCrowdedEdges({ points, indices }: Pick<Mesh, 'points' | 'indices'>): CrowdedEdge[] {
  const sorted = sortBySmallerEnd(points, indices)
  const crowded: CrowdedEdge[] = []
  for (let from = 0; from + 1 < sorted.starts.length; from++) {
    const edges = sorted.halfEdges.subarray(indexAt(sorted.starts, from), indexAt(sorted.starts, from + 1))
    if (!arePaired(edges, points, indices)) crowded.push(...collect(from, edges, points, indices))
  }
  return crowded
}

/** Numbers of half edges (one per corner: from it to the next corner), grouped by the smaller of their ends. */
function sortBySmallerEnd(points: Uint32Array, indices: Uint32Array) {
  const places = highestPlace(points) + 1
  const starts = new Uint32Array(places + 1)
  const smaller = new Uint32Array(indices.length)
  for (let half = 0; half < smaller.length; half++) {
    const place = Math.min(start(half, points, indices), end(half, points, indices))
    smaller[half] = place
    const after = place + 1
    starts[after] = indexAt(starts, after) + 1
  }
  for (let place = 0; place < places; place++)
    starts[place + 1] = indexAt(starts, place) + indexAt(starts, place + 1)
  const next = starts.slice()
  const halfEdges = new Uint32Array(indices.length)
  for (let half = 0; half < smaller.length; half++) {
    const place = indexAt(smaller, half)
    const slot = indexAt(next, place)
    halfEdges[slot] = half
    next[place] = slot + 1
  }
  return { starts, halfEdges }
}

/** The largest number of a place in use. */
export function highestPlace(points: Uint32Array): number {
  let highest = 0
  for (let i = 0; i < points.length; i++) highest = Math.max(highest, indexAt(points, i))
  return highest
}

/** Whether each half edge of a group has one partner that runs the other way, and only one. */
function arePaired(group: Uint32Array, points: Uint32Array, indices: Uint32Array): boolean {
  for (let i = 0; i < group.length; i++) {
    const from = start(indexAt(group, i), points, indices)
    const to = end(indexAt(group, i), points, indices)
    let same = 0
    let opposite = 0
    for (let k = 0; k < group.length; k++) {
      const otherFrom = start(indexAt(group, k), points, indices)
      const otherTo = end(indexAt(group, k), points, indices)
      if (otherFrom === from && otherTo === to) same++
      else if (otherFrom === to && otherTo === from) opposite++
    }
    if (same !== 1 || opposite !== 1) return false
  }
  return true
}

function collect(from: number, group: Uint32Array, points: Uint32Array, indices: Uint32Array): CrowdedEdge[] {
  const edges = new Map<number, CrowdedEdge>()
  for (const half of group) {
    const isForward = start(half, points, indices) === from
    const to = isForward ? end(half, points, indices) : start(half, points, indices)
    const edge = edges.get(to) ?? { from, to, forward: [], backward: [] }
    edges.set(to, edge)
    ;(isForward ? edge.forward : edge.backward).push(Math.floor(half / 3))
  }
  return [...edges.values()].filter(({ forward, backward }) => forward.length !== 1 || backward.length !== 1)
}

function start(half: number, points: Uint32Array, indices: Uint32Array): number {
  return indexAt(points, indexAt(indices, half))
}

function end(half: number, points: Uint32Array, indices: Uint32Array): number {
  return indexAt(points, indexAt(indices, half % 3 === 2 ? half - 2 : half + 1))
}
