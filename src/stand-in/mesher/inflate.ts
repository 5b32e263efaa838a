import { halve } from './filters.ts'
import { at, createPlane, indexAt, mapPlane, sample, type Plane } from './plane.ts'

/** What is inflated. */
interface Membrane {
  /** Level set of the outline: above zero inside. */
  phi: Plane
  /** How far beyond the outline the height would reach zero, in pixels, per grid point. */
  rim: Plane
  /** Holds the membrane down where it is above zero. */
  screening?: Plane
}

/**
 * Weight of the vertical direction: below 1, top and bottom count less than left and right, which makes the sides full.
 */
const VERTICAL = 0.4
const MAX_LEVELS = 5
const MIN_LEVEL_SIDE = 20
const SWEEPS = { coarsest: 120, other: 20 }
const OVER_RELAXATION = 1.65
/** Keeps the equations of points that nearly touch the outline well-conditioned. */
const MIN_RIM_DISTANCE = 0.08

/**
 * Squared height of a membrane under even pressure: solves
 *
 *     ∂xx H + VERTICAL · ∂yy H − screening · H = −2 (1 + VERTICAL)   inside,
 *
 * with H falling to zero `rim` beyond the outline. The square root of it makes a sphere of a disc, and thin parts stay
 * thin by themselves. From coarse to fine, each level starts with the one before and is relaxed point by point.
 */
export function inflate(membrane: Membrane): Plane {
  const levels = [membrane]
  while (levels.length < MAX_LEVELS) {
    const finest = levels.at(-1) ?? membrane
    if (Math.min(finest.phi.width, finest.phi.height) < MIN_LEVEL_SIDE) break
    levels.push(coarser(finest))
  }
  let solution: Plane | undefined
  for (let depth = levels.length - 1; depth >= 0; depth--) {
    const sweeps = depth === levels.length - 1 ? SWEEPS.coarsest : SWEEPS.other
    solution = solveLevel(levels[depth] ?? membrane, { cell: 4 ** depth, sweeps, start: solution })
  }
  return solution ?? createPlane(membrane.phi.width, membrane.phi.height)
}

function coarser({ phi, rim, screening }: Membrane): Membrane {
  return {
    phi: halve(phi),
    rim: mapPlane(halve(largestOfFour(rim)), (offset) => offset / 2),
    ...(screening && { screening: halve(screening) }),
  }
}

/** The rim is zero outside, so an average would make it thinner: the largest of each four is used. */
function largestOfFour({ data, width, height }: Plane): Plane {
  const largest = createPlane(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const upper = (y & ~1) * width
    const lower = Math.min(y | 1, height - 1) * width
    for (let x = 0; x < width; x++, i++) {
      const left = x & ~1
      const right = Math.min(x | 1, width - 1)
      largest.data[i] = Math.max(
        at(data, upper + left),
        at(data, upper + right),
        at(data, lower + left),
        at(data, lower + right),
      )
    }
  }
  return largest
}

interface LevelSetup {
  /** Area of a grid cell, in cells of the finest level. */
  cell: number
  sweeps: number
  /** Solution of the next coarser level. */
  start: Plane | undefined
}

function solveLevel(level: Membrane, { cell, sweeps, start }: LevelSetup): Plane {
  const { width, height } = level.phi
  const heights = createPlane(width, height)
  const points = pointsInside(level.phi)
  const inverse = inverseDiagonal(level, points, cell)
  if (start) prolong(start, heights, points)
  const sweep = { heights: heights.data, inverse, points, width, pressure: 2 * (1 + VERTICAL) * cell }
  for (let i = 1; i < sweeps; i++) relax(sweep, OVER_RELAXATION)
  relax(sweep, 1)
  return heights
}

/** Red points of the checkerboard first, then black: neighbours never belong to the same half. */
function pointsInside({ data, width, height }: Plane): Uint32Array {
  const red: number[] = []
  const black: number[] = []
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      if (at(data, i) > 0) ((x + y) & 1 ? red : black).push(i)
    }
  }
  return Uint32Array.from(red.concat(black))
}

/** One over the diagonal of the equations, per point of the grid. */
function inverseDiagonal({ phi, rim, screening }: Membrane, points: Uint32Array, cell: number): Float32Array {
  const { data, width } = phi
  const inverse = new Float32Array(data.length)
  for (let k = 0; k < points.length; k++) {
    const i = indexAt(points, k)
    const here = at(data, i)
    const offset = at(rim.data, i)
    const across = pull(here, at(data, i - 1), offset) + pull(here, at(data, i + 1), offset)
    const down = pull(here, at(data, i - width), offset) + pull(here, at(data, i + width), offset)
    const held = screening ? cell * at(screening.data, i) : 0
    inverse[i] = 1 / (across + VERTICAL * down + held)
  }
  return inverse
}

/** A neighbour outside is replaced by a zero at its true distance: that of the outline plus the rim offset. */
function pull(here: number, neighbour: number, rim: number): number {
  return neighbour > 0 ? 1 : 1 / rimDistance(here, neighbour, rim)
}

/** Distance from a point inside to where the height is zero, towards a neighbour outside, in grid steps. */
export function rimDistance(inside: number, outside: number, rim: number): number {
  return Math.max(MIN_RIM_DISTANCE, inside / (inside - outside) + rim)
}

function prolong(coarse: Plane, { data, width }: Plane, points: Uint32Array): void {
  for (let k = 0; k < points.length; k++) {
    const i = indexAt(points, k)
    const x = ((i % width) - 0.5) / 2
    const y = (Math.floor(i / width) - 0.5) / 2
    data[i] = sample(coarse.data, coarse.width, coarse.height, x, y)
  }
}

interface Sweep {
  heights: Float32Array
  inverse: Float32Array
  points: Uint32Array
  width: number
  pressure: number
}

function relax({ heights, inverse, points, width, pressure }: Sweep, factor: number): void {
  for (let k = 0; k < points.length; k++) {
    const i = indexAt(points, k)
    const here = at(heights, i)
    const across = at(heights, i - 1) + at(heights, i + 1)
    const down = at(heights, i - width) + at(heights, i + width)
    heights[i] = here + factor * ((across + VERTICAL * down + pressure) * at(inverse, i) - here)
  }
}
