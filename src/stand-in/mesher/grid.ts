import { at, clamp, createPlane, sample, mapPlane, type Plane } from './plane.ts'
import { nonZero } from './level-set.ts'
import { rimDistance } from './inflate.ts'

/** A grid over a plane, finer or coarser than its pixels. */
export interface SamplingGrid {
  /** Level set of the outline at each grid point: above zero inside, nowhere zero. */
  levels: Plane
  /** Distance of grid points in pixels. */
  stepX: number
  stepY: number
}

/** Keeps outline points away from grid points, where two of them could coincide. */
const NEAREST_CROSSING = 0.06

/** Samples a level set. The border of the grid is always outside. */
export function createSamplingGrid(phi: Plane, step: number): SamplingGrid {
  const levels = createPlane(
    Math.floor((phi.width - 1) / step) + 1,
    Math.floor((phi.height - 1) / step) + 1,
    -0.05,
  )
  const stepX = (phi.width - 1) / (levels.width - 1)
  const stepY = (phi.height - 1) / (levels.height - 1)
  for (let row = 1; row < levels.height - 1; row++) {
    for (let column = 1; column < levels.width - 1; column++) {
      const level = sample(phi.data, phi.width, phi.height, column * stepX, row * stepY)
      levels.data[row * levels.width + column] = nonZero(level)
    }
  }
  return { levels, stepX, stepY }
}

/** Where the outline crosses the line between two neighbouring grid points, as a fraction of the way. */
export function crossing(levels: Plane, from: number, to: number): number {
  const start = at(levels.data, from)
  return clamp(start / (start - at(levels.data, to)), NEAREST_CROSSING, 1 - NEAREST_CROSSING)
}

/** Steepest fall to a ghost value, in units of the height inside. */
const STEEPEST = -1.5

/**
 * Squared heights that can be sampled between grid points: outside points next to the outline get the value that
 * continues the slope at the rim (mostly below zero), and one more ring gets the average of those. Squares, because the
 * height itself is infinitely steep at the rim.
 */
export function squaredSurface(heights: Plane, phi: Plane, rim: Plane): Plane {
  const squares = mapPlane(heights, (height, i) => (at(phi.data, i) > 0 ? height * height : 0))
  const ghosts = createPlane(phi.width, phi.height)
  eachOutside(phi, (i) => {
    const ghost = meanOfNeighbours(i, phi.width, (p) => {
      if (at(phi.data, p) <= 0) return undefined
      const reach = rimDistance(at(phi.data, p), at(phi.data, i), at(rim.data, p))
      return at(squares.data, p) * Math.max(STEEPEST, (reach - 1) / reach)
    })
    if (ghost === undefined) return
    squares.data[i] = ghost
    ghosts.data[i] = 1
  })
  eachOutside(phi, (i) => {
    if (at(ghosts.data, i) === 1) return
    const isGhost = (p: number): number | undefined =>
      at(ghosts.data, p) === 1 ? at(squares.data, p) : undefined
    squares.data[i] = meanOfNeighbours(i, phi.width, isGhost) ?? 0
  })
  return squares
}

/** Height at grid coordinates, at least `minimum`. */
export function heightAt({ data, width, height }: Plane, x: number, y: number, minimum: number): number {
  const square = sample(data, width, height, x, y)
  return square > minimum * minimum ? Math.sqrt(square) : minimum
}

function eachOutside({ data, width, height }: Plane, visit: (i: number) => void): void {
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) if (at(data, y * width + x) <= 0) visit(y * width + x)
  }
}

function meanOfNeighbours(i: number, width: number, value: (p: number) => number | undefined) {
  let total = 0
  let count = 0
  for (const p of [i - 1, i + 1, i - width, i + width]) {
    const found = value(p)
    if (found === undefined) continue
    total += found
    count++
  }
  return count > 0 ? total / count : undefined
}

/** A corner of a polygon: a grid point inside, or the outline crossing the grid line that starts at a point. */
export interface Station {
  at: 'point' | 'across' | 'down'
  /** The grid point, or the left or upper one of the line. */
  point: number
}

/**
 * The part of a grid cell, by its upper left point, that is inside the outline, as up to two polygons, clockwise as seen.
 *
 * If two opposite corners are inside, the mean level says whether the middle connects them.
 */
export function cellPolygons(levels: Plane, cell: number): Station[][] {
  const corners = [cell, cell + 1, cell + 1 + levels.width, cell + levels.width] as const
  const lines: Station[] = [
    { at: 'across', point: corners[0] },
    { at: 'down', point: corners[1] },
    { at: 'across', point: corners[3] },
    { at: 'down', point: corners[0] },
  ]
  const values = corners.map((corner) => at(levels.data, corner))
  const inside = values.map((value) => value > 0)
  if (isSaddle(inside) && values.reduce((total, value) => total + value, 0) <= 0) {
    return corners.flatMap((point, k) =>
      inside[k] ? [[{ at: 'point', point }, ...pick(lines, k, (k + 3) % 4)]] : [],
    )
  }
  return [
    corners.flatMap((point, k): Station[] => {
      const corner: Station[] = inside[k] ? [{ at: 'point', point }] : []
      return inside[k] === inside[(k + 1) % 4] ? corner : corner.concat(pick(lines, k))
    }),
  ]
}

function isSaddle([first, second, third, fourth]: boolean[]): boolean {
  return first === third && second === fourth && first !== second
}

function pick(lines: Station[], ...numbers: number[]): Station[] {
  return numbers.flatMap((k) => lines[k] ?? [])
}
