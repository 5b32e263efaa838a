import { cellCorners, cellPolygons } from './cell-polygons.ts'
import type { Station } from './cell-polygons.ts'
import { SIDE } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { at, indexAt } from './plane.ts'
import type { Plane } from './plane.ts'
import { createSamplingGrid, crossing } from './sampling-grid.ts'
import type { SamplingGrid } from './sampling-grid.ts'
import { heightAt } from './surface.ts'

/** What the sheets are spread over. */
export interface Body {
  phi: Plane
  /** Squared heights of both sides, as of `surface.ts`. */
  front: Plane
  back: Plane
}

export interface SheetOptions {
  /** Distance of grid points, in pixels. */
  step: number
  /** Whether front and back have separate textures, and so separate vertices along the rim. */
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

/** Both sheets keep this far from the picture plane, in pixels, or their vertices would coincide. */
const MIN_HEIGHT = { inside: 0.35, rim: 0.3 }

/** Collects vertices and triangles. The back vertex of a place follows its front vertex. */
class SheetBuilder {
  readonly #body: Body
  readonly #grid: SamplingGrid
  readonly #seam: boolean
  readonly #positions: number[] = []
  readonly #sides: number[] = []
  readonly #points: number[] = []
  readonly #indices: number[] = []
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
  }

  /** Two triangles per sheet, split along the flatter diagonal. */
  addWholeCell(cell: number): void {
    const [a, b, c, d] = cellCorners(cell, this.#grid.levels.width).map((corner) => this.#inside(corner))
    const drop = (from = 0, to = 0): number => Math.abs(this.#height(from) - this.#height(to))
    const split = drop(a, c) <= drop(b, d) ? [a, b, c, d] : [b, c, d, a]
    const [first = 0, second = 0, third = 0, fourth = 0] = split
    this.#indices.push(first, third, second, first, fourth, third)
    this.#indices.push(first + 1, second + 1, third + 1, first + 1, third + 1, fourth + 1)
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
      positions: new Float32Array(this.#positions),
      sides: new Uint8Array(this.#sides),
      points: new Uint32Array(this.#points),
      indices: new Uint32Array(this.#indices),
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
    return vertex
  }

  /** Adds front and back of a place. On the rim, the strip has the front's texture and the back sheet its own copy. */
  #addPair(column: number, row: number, minimum: number): number {
    const x = column * this.#grid.stepX
    const y = row * this.#grid.stepY
    const front = this.#sides.length
    const onRim = minimum === MIN_HEIGHT.rim
    const behind = -heightAt(this.#body.back, x, y, minimum)
    this.#positions.push(x, -y, heightAt(this.#body.front, x, y, minimum), x, -y, behind)
    this.#sides.push(SIDE.front, onRim ? SIDE.front : SIDE.back)
    this.#points.push(front, front + 1)
    if (!onRim || !this.#seam) return front
    this.#positions.push(x, -y, behind)
    this.#sides.push(SIDE.back)
    this.#points.push(front + 1)
    return front
  }

  #height(front: number): number {
    return this.#positions[3 * front + 2] ?? 0
  }

  #addTriangle(a = 0, b = 0, c = 0): void {
    this.#indices.push(a, b, c)
  }
}

function backOf(front = 0, ownCopy = false): number {
  return front + (ownCopy ? 2 : 1)
}
