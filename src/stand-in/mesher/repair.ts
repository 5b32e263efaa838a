import { pickVertices, type Mesh, type ShadedMesh } from './mesh.ts'
import { indexAt } from './plane.ts'

/** How far a copied place moves, in pixels: enough to be another place, too little to be visible. */
const NUDGE = 0.02
const MAX_ROUNDS = 3

/**
 * Gives each edge exactly two triangles again. Strong simplification can pinch a body, so that four or more meet.
 *
 * 1. On each such edge, pair every triangle with one that runs the other way.
 * 2. Around both ends of the edge, collect the fans of triangles that are connected through such pairs.
 * 3. Give every fan but one its own copy of the place, moved a little towards the fan.
 *
 * The number of triangles stays the same.
 */
export function repair(mesh: ShadedMesh): ShadedMesh {
  let repaired = mesh
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const crowded = findCrowdedEdges(repaired)
    if (crowded.length === 0) return repaired
    repaired = separate(repaired, crowded)
  }
  return repaired
}

function separate(mesh: ShadedMesh, crowded: CrowdedEdge[]): ShadedMesh {
  const around = new Surroundings(mesh, crowded)
  for (const edge of crowded) around.pairUp(edge)
  const split = new Splitter(mesh)
  for (const point of around.points) {
    const [, ...others] = around.fansOf(point)
    for (const fan of others) split.move(point, fan)
  }
  return split.finish()
}

/** The triangles around the ends of crowded edges, and how they are connected. */
class Surroundings {
  readonly #mesh: ShadedMesh
  readonly #corners = new Map<number, number[]>()
  readonly #pairs = new Map<string, [number, number][]>()

  constructor(mesh: ShadedMesh, crowded: CrowdedEdge[]) {
    this.#mesh = mesh
    for (const { from, to } of crowded) {
      this.#corners.set(from, [])
      this.#corners.set(to, [])
    }
    mesh.indices.forEach((vertex, corner) => this.#corners.get(mesh.points[vertex] ?? 0)?.push(corner))
  }

  get points(): Iterable<number> {
    return this.#corners.keys()
  }

  /** Pairs the triangles of an edge; the other way round if the first way separates them at neither end. */
  pairUp({ from, to, forward, backward }: CrowdedEdge): void {
    const paired = (partners: number[]): [number, number][] =>
      forward.slice(0, partners.length).map((triangle, i) => [triangle, partners[i] ?? triangle])
    const id = edgeId(from, to)
    this.#pairs.set(id, paired(backward))
    const [first, second] = forward
    const separates = (point: number): boolean =>
      this.fansOf(point).some((fan) => includesTriangle(fan, first) !== includesTriangle(fan, second))
    if (!separates(from) && !separates(to)) this.#pairs.set(id, paired(backward.toReversed()))
  }

  /** The corners at a point, grouped by fans of connected triangles. */
  fansOf(point: number): number[][] {
    const corners = this.#corners.get(point) ?? []
    const fans = corners.map((corner) => [corner])
    for (const [one, other] of this.#linksAt(point, corners)) {
      const first = fans.find((fan) => includesTriangle(fan, one))
      const second = fans.find((fan) => includesTriangle(fan, other))
      if (!first || !second || first === second) continue
      first.push(...second.splice(0))
    }
    return fans.filter((fan) => fan.length > 0)
  }

  /** Pairs of triangles that share an edge which ends at the point. */
  #linksAt(point: number, corners: number[]): [number, number][] {
    const byNeighbour = new Map<number, number[]>()
    for (const corner of corners) {
      const triangle = Math.floor(corner / 3)
      for (let k = 3 * triangle; k < 3 * triangle + 3; k++) {
        const neighbour = this.#mesh.points[this.#mesh.indices[k] ?? 0] ?? 0
        if (neighbour === point) continue
        byNeighbour.set(neighbour, [...(byNeighbour.get(neighbour) ?? []), triangle])
      }
    }
    return [...byNeighbour].flatMap(([neighbour, [one = 0, other = one]]) => {
      return this.#pairs.get(edgeId(point, neighbour)) ?? ([[one, other]] as [number, number][])
    })
  }
}

/** Copies vertices of places that are split. */
class Splitter {
  readonly #mesh: ShadedMesh
  readonly #indices: Uint32Array
  readonly #copied: number[] = []
  readonly #moves: { point: number; by: [number, number, number] }[] = []

  constructor(mesh: ShadedMesh) {
    this.#mesh = mesh
    this.#indices = mesh.indices.slice()
  }

  /** Gives the corners of a fan their own place. */
  move(point: number, fan: number[]): void {
    const by = this.#towards(point, fan)
    const place = highestPlace(this.#mesh.points) + 1 + this.#moves.length
    const copies = new Map<number, number>()
    for (const corner of fan) {
      const vertex = this.#mesh.indices[corner] ?? 0
      const copy = copies.get(vertex) ?? this.#copy(vertex, place, by)
      copies.set(vertex, copy)
      this.#indices[corner] = copy
    }
  }

  finish(): ShadedMesh {
    const { sides } = this.#mesh
    const kept = Array.from(sides, (_, vertex) => vertex)
    const vertices = pickVertices(this.#mesh, Uint32Array.from([...kept, ...this.#copied]))
    this.#moves.forEach(({ point, by }, i) => {
      const vertex = sides.length + i
      vertices.points[vertex] = point
      by.forEach((shift, axis) => {
        vertices.positions[3 * vertex + axis] = (vertices.positions[3 * vertex + axis] ?? 0) + shift
      })
    })
    return { ...vertices, indices: this.#indices }
  }

  #copy(vertex: number, point: number, by: [number, number, number]): number {
    this.#copied.push(vertex)
    this.#moves.push({ point, by })
    return this.#mesh.sides.length + this.#copied.length - 1
  }

  /** A small step from a point to the middle of a fan. */
  #towards(point: number, fan: number[]): [number, number, number] {
    const { positions, indices, points } = this.#mesh
    const step: [number, number, number] = [0, 0, 0]
    for (const corner of fan) {
      const start = indices[corner] ?? 0
      const triangle = Math.floor(corner / 3) * 3
      for (let k = triangle; k < triangle + 3; k++) {
        const vertex = indices[k] ?? 0
        if (points[vertex] === point) continue
        for (const axis of [0, 1, 2] as const) {
          step[axis] += (positions[3 * vertex + axis] ?? 0) - (positions[3 * start + axis] ?? 0)
        }
      }
    }
    const length = Math.hypot(...step) || 1
    return [(step[0] / length) * NUDGE, (step[1] / length) * NUDGE, (step[2] / length) * NUDGE]
  }
}

function includesTriangle(fan: number[], triangle = -1): boolean {
  return fan.some((corner) => Math.floor(corner / 3) === triangle)
}

function edgeId(one: number, other: number): string {
  return `${Math.min(one, other)}-${Math.max(one, other)}`
}

/** An edge that does not have exactly two triangles, in opposite directions. */
interface CrowdedEdge {
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
function highestPlace(points: Uint32Array): number {
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
