import { at, clamp, createPlane, sample } from './plane.ts'
import type { Plane } from './plane.ts'
import { nonZero } from './level-set.ts'

/** A grid over a plane, finer or coarser than its pixels. */
export interface SamplingGrid {
  /** Level set of the outline at each grid point: above zero inside, nowhere zero. */
  levels: Plane
  /** Distance of grid points in pixels. */
  stepX: number
  stepY: number
}

/** Keeps outline points off grid points, where two of them could coincide. */
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

/** Where the outline crosses the line between two neighbouring grid points, as a share of the way. */
export function crossing(levels: Plane, from: number, to: number): number {
  const start = at(levels.data, from)
  return clamp(start / (start - at(levels.data, to)), NEAREST_CROSSING, 1 - NEAREST_CROSSING)
}
