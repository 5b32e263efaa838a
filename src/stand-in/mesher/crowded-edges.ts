import type { Mesh } from './mesh.ts'
import { indexAt } from './plane.ts'

/** An edge that does not have exactly two triangles, in opposite directions. */
export interface CrowdedEdge {
  /** Places at its ends, the smaller number first. */
  from: number
  to: number
  /** Triangles that run along it from `from` to `to`, and the other way. */
  forward: number[]
  backward: number[]
}

/** Finds the edges of a mesh, by places, that are not shared by two triangles. */
export function findCrowdedEdges(mesh: Pick<Mesh, 'points' | 'indices'>): CrowdedEdge[] {
  const edges = halfEdgesOf(mesh)
  const { starts, halves } = sortBySmallerEnd(edges, highestPlace(mesh.points) + 1)
  const crowded: CrowdedEdge[] = []
  for (let from = 0; from + 1 < starts.length; from++) {
    const group = halves.subarray(indexAt(starts, from), indexAt(starts, from + 1))
    if (!arePaired(group, edges)) crowded.push(...collect(from, group, edges))
  }
  return crowded
}

/** One for each corner: from its place to that of the next corner of its triangle. */
interface HalfEdges {
  from: Uint32Array
  to: Uint32Array
}

function halfEdgesOf({ points, indices }: Pick<Mesh, 'points' | 'indices'>): HalfEdges {
  const from = indices.map((vertex) => indexAt(points, vertex))
  return { from, to: from.map((_, half) => indexAt(from, half % 3 === 2 ? half - 2 : half + 1)) }
}

/** Numbers of half edges, grouped by the smaller of their ends. */
function sortBySmallerEnd({ from, to }: HalfEdges, places: number) {
  const starts = new Uint32Array(places + 1)
  const smaller = from.map((place, half) => Math.min(place, indexAt(to, half)))
  for (const place of smaller) starts[place + 1] = indexAt(starts, place + 1) + 1
  for (let place = 0; place < places; place++)
    starts[place + 1] = indexAt(starts, place) + indexAt(starts, place + 1)
  const next = starts.slice()
  const halves = new Uint32Array(smaller.length)
  for (let half = 0; half < smaller.length; half++) {
    const place = indexAt(smaller, half)
    const slot = indexAt(next, place)
    halves[slot] = half
    next[place] = slot + 1
  }
  return { starts, halves }
}

/** The largest number of a place in use. */
export function highestPlace(points: Uint32Array): number {
  let highest = 0
  for (let i = 0; i < points.length; i++) highest = Math.max(highest, indexAt(points, i))
  return highest
}

/** Whether each half edge of a group has one partner that runs the other way, and only one. */
function arePaired(group: Uint32Array, edges: HalfEdges): boolean {
  for (let i = 0; i < group.length; i++) {
    const from = indexAt(edges.from, indexAt(group, i))
    const to = indexAt(edges.to, indexAt(group, i))
    let same = 0
    let opposite = 0
    for (let k = 0; k < group.length; k++) {
      const otherFrom = indexAt(edges.from, indexAt(group, k))
      const otherTo = indexAt(edges.to, indexAt(group, k))
      if (otherFrom === from && otherTo === to) same++
      else if (otherFrom === to && otherTo === from) opposite++
    }
    if (same !== 1 || opposite !== 1) return false
  }
  return true
}

function collect(from: number, group: Uint32Array, halves: HalfEdges): CrowdedEdge[] {
  const edges = new Map<number, CrowdedEdge>()
  for (const half of group) {
    const isForward = indexAt(halves.from, half) === from
    const to = indexAt(isForward ? halves.to : halves.from, half)
    const edge = edges.get(to) ?? { from, to, forward: [], backward: [] }
    edges.set(to, edge)
    ;(isForward ? edge.forward : edge.backward).push(Math.floor(half / 3))
  }
  return [...edges.values()].filter(({ forward, backward }) => forward.length !== 1 || backward.length !== 1)
}
