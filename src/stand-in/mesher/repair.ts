import { findCrowdedEdges, highestPlace, type CrowdedEdge } from './crowded-edges.ts'
import { pickVertices, type ShadedMesh } from './mesh.ts'

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
