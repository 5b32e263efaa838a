import { rimDistance } from './inflate.ts'
import { at, createPlane, mapPlane, sample } from './plane.ts'
import type { Plane } from './plane.ts'

/** Steepest fall to a ghost value, in units of the height inside. */
const STEEPEST = -1.5

/**
 * Squared heights that can be sampled off the grid: outside points next to the outline get the value that continues
 * the slope at the rim (below zero, mostly), and one more ring gets the mean of those. Squares, because the height
 * itself is infinitely steep at the rim.
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

function meanOfNeighbours(
  i: number,
  width: number,
  value: (p: number) => number | undefined,
): number | undefined {
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
