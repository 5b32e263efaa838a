import { cellPolygons, createSamplingGrid, crossing, heightAt } from './grid.ts'
import type { Station, SamplingGrid } from './grid.ts'
import { SIDE, type Mesh } from './mesh.ts'
import { at, byteAt, indexAt, type Plane } from './plane.ts'

/** What the sheets are spread over. */
interface Body {
  phi: Plane
  /** Squared heights of both sides, as from `grid.ts`. */
  front: Plane
  back: Plane
}

interface SheetOptions {
  /** Distance of grid points, in pixels. */
  step: number
  /** Whether front and back have separate textures, and therefore separate vertices along the rim. */
  seam: boolean
}

/**
 * Marching squares: a front sheet and a back sheet over the inside of the outline, and a strip between the two along
 * the rim. Each edge has exactly two triangles, in opposite directions.
 */
export function spreadSheets(body: Body, { step, seam }: SheetOptions): Mesh {
  const grid = createSamplingGrid(body.phi, step)
  const { data, width, height } = grid.levels
  const builder = new SheetBuilder(body, grid, seam)
  for (let cell = 0; cell < width * (height - 1) - 1; cell++) {
    const inside = insideCorners(data, cell, width)
    if (inside === 4) builder.addWholeCell(cell)
    else if (inside > 0) for (const polygon of cellPolygons(grid.levels, cell)) builder.addPolygon(polygon)
  }
  return builder.finish()
}

function insideCorners(levels: Float32Array, cell: number, width: number): number {
  const isInside = (point: number): number => (at(levels, point) > 0 ? 1 : 0)
  return isInside(cell) + isInside(cell + 1) + isInside(cell + width) + isInside(cell + 1 + width)
}

/** Both sheets stay this far from the image plane, in pixels; otherwise their vertices would coincide. */
const MIN_HEIGHT = { inside: 0.35, rim: 0.3 }

/** Collects vertices and triangles. The back vertex of a place follows its front vertex. */
class SheetBuilder {
  readonly #body: Body
  readonly #grid: SamplingGrid
  readonly #seam: boolean
  readonly #positions: Float32Array
  readonly #sides: Uint8Array
  readonly #points: Uint32Array
  readonly #indices: Uint32Array
  #vertexCount = 0
  #indexCount = 0
  /** Front vertex + 1, by where it is and by grid point; 0 before it exists. */
  readonly #vertices: Record<Station['at'], Uint32Array>

  constructor(body: Body, grid: SamplingGrid, seam: boolean) {
    this.#body = body
    this.#grid = grid
    this.#seam = seam
    const { length } = grid.levels.data
    this.#vertices = {
      point: new Uint32Array(length),
      across: new Uint32Array(length),
      down: new Uint32Array(length),
    }
    const { inside, crossings } = countVertices(grid.levels)
    const capacity = 2 * inside + 3 * crossings
    this.#positions = new Float32Array(3 * capacity)
    this.#sides = new Uint8Array(capacity)
    this.#points = new Uint32Array(capacity)
    // No cell has more than four triangles for each of its points and crossings that it counts.
    this.#indices = new Uint32Array(6 * (capacity + crossings))
  }

  /** Two triangles per sheet, split along the flatter diagonal. */
  addWholeCell(cell: number): void {
    const { width } = this.#grid.levels
    const a = this.#inside(cell)
    const b = this.#inside(cell + 1)
    const c = this.#inside(cell + 1 + width)
    const d = this.#inside(cell + width)
    if (this.#drop(a, c) <= this.#drop(b, d)) this.#addQuad(a, b, c, d)
    else this.#addQuad(b, c, d, a)
  }

  /** A fan of triangles per sheet, and a piece of the strip along each side that lies on the outline. */
  addPolygon(stations: Station[]): void {
    const fronts = stations.map((station) => this.#vertex(station))
    const backs = stations.map((station, k) => backOf(fronts[k], station.at !== 'point' && this.#seam))
    for (let k = 1; k < stations.length - 1; k++) {
      this.#addTriangle(fronts[0], fronts[k + 1], fronts[k])
      this.#addTriangle(backs[0], backs[k], backs[k + 1])
    }
    stations.forEach((station, k) => {
      const next = (k + 1) % stations.length
      if (station.at === 'point' || stations[next]?.at === 'point') return
      this.#addTriangle(fronts[k], fronts[next], backOf(fronts[next]))
      this.#addTriangle(fronts[k], backOf(fronts[next]), backOf(fronts[k]))
    })
  }

  finish(): Mesh {
    return {
      positions: this.#positions.subarray(0, 3 * this.#vertexCount),
      sides: this.#sides.subarray(0, this.#vertexCount),
      points: this.#points.subarray(0, this.#vertexCount),
      indices: this.#indices.subarray(0, this.#indexCount),
    }
  }

  #vertex(station: Station): number {
    return station.at === 'point' ? this.#inside(station.point) : this.#onRim(station.at, station.point)
  }

  #inside(point: number): number {
    const known = indexAt(this.#vertices.point, point)
    if (known > 0) return known - 1
    const { width } = this.#grid.levels
    const vertex = this.#addPair(point % width, Math.floor(point / width), MIN_HEIGHT.inside)
    this.#vertices.point[point] = vertex + 1
    return vertex
  }

  #onRim(line: 'across' | 'down', point: number): number {
    const known = indexAt(this.#vertices[line], point)
    if (known > 0) return known - 1
    const { levels } = this.#grid
    const along = crossing(levels, point, point + (line === 'across' ? 1 : levels.width))
    const column = (point % levels.width) + (line === 'across' ? along : 0)
    const row = Math.floor(point / levels.width) + (line === 'down' ? along : 0)
    const vertex = this.#addPair(column, row, MIN_HEIGHT.rim)
    this.#vertices[line][point] = vertex + 1
    // The strip has the texture of the front; with a seam, the back sheet needs its own copy of the vertex.
    if (this.#seam) this.#copyVertex(vertex + 1)
    this.#sides[vertex + 1] = SIDE.front
    return vertex
  }

  /** Adds front and back of a place. */
  #addPair(column: number, row: number, minimum: number): number {
    const x = column * this.#grid.stepX
    const y = row * this.#grid.stepY
    const front = this.#addVertex(x, -y, heightAt(this.#body.front, x, y, minimum), SIDE.front)
    this.#addVertex(x, -y, -heightAt(this.#body.back, x, y, minimum), SIDE.back)
    return front
  }

  #addVertex(x: number, y: number, z: number, side: number): number {
    const vertex = this.#vertexCount++
    this.#positions[3 * vertex] = x
    this.#positions[3 * vertex + 1] = y
    this.#positions[3 * vertex + 2] = z
    this.#sides[vertex] = side
    this.#points[vertex] = vertex
    return vertex
  }

  /** Another vertex in the same place. */
  #copyVertex(original: number): void {
    const copy = this.#vertexCount++
    this.#positions.copyWithin(3 * copy, 3 * original, 3 * original + 3)
    this.#sides[copy] = byteAt(this.#sides, original)
    this.#points[copy] = original
  }

  /** Difference of height between two front vertices. */
  #drop(from: number, to: number): number {
    return Math.abs(at(this.#positions, 3 * from + 2) - at(this.#positions, 3 * to + 2))
  }

  #addQuad(a: number, b: number, c: number, d: number): void {
    this.#addTriangle(a, c, b)
    this.#addTriangle(a, d, c)
    this.#addTriangle(a + 1, b + 1, c + 1)
    this.#addTriangle(a + 1, c + 1, d + 1)
  }

  #addTriangle(a = 0, b = 0, c = 0): void {
    this.#indices[this.#indexCount++] = a
    this.#indices[this.#indexCount++] = b
    this.#indices[this.#indexCount++] = c
  }
}

function backOf(front = 0, ownCopy = false): number {
  return front + (ownCopy ? 2 : 1)
}

/** Grid points inside the outline, and grid lines that cross it. */
function countVertices({ data, width }: Plane): { inside: number; crossings: number } {
  let inside = 0
  let crossings = 0
  for (let i = 0; i < data.length - width; i++) {
    const isInside = at(data, i) > 0
    if (isInside) inside++
    if (isInside !== at(data, i + 1) > 0) crossings++
    if (isInside !== at(data, i + width) > 0) crossings++
  }
  return { inside, crossings }
}
