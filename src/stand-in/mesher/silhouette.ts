import { at, boundingBox, sample } from './plane.ts'
import type { Plane } from './plane.ts'

/** Silhouettes are compared on a grid of this many points a side. */
const COMPARED = 48

/** Overlap of two silhouettes, one of them mirrored, both scaled to their bounds: 1 when they are alike. */
export function mirroredOverlap(one: Plane, other: Plane): number {
  const isIn = pointTest(one)
  const isInOther = pointTest(other)
  let both = 0
  let either = 0
  for (let y = 0.5; y < COMPARED; y++) {
    for (let x = 0.5; x < COMPARED; x++) {
      const a = isIn(x / COMPARED, y / COMPARED)
      const b = isInOther(1 - x / COMPARED, y / COMPARED)
      if (a && b) both++
      if (a || b) either++
    }
  }
  return both / Math.max(1, either)
}

function pointTest(inside: Plane): (u: number, v: number) => boolean {
  const { left, top, right, bottom } = boundingBox(inside) ?? { left: 0, top: 0, right: 0, bottom: 0 }
  return (u, v) => {
    const x = left + u * (right - left)
    const y = top + v * (bottom - top)
    return sample(inside.data, inside.width, inside.height, x, y) > 0.5
  }
}

/** Mean difference of a plane inside of a silhouette from its mirror image. */
export function mirrorDifference(plane: Plane, inside: Plane): number {
  const { data, width } = plane
  const box = boundingBox(inside)
  if (!box) return 0
  let total = 0
  let count = 0
  for (let y = box.top; y <= box.bottom; y++) {
    for (let x = box.left; x <= box.right; x++) {
      const here = y * width + x
      const there = y * width + box.left + box.right - x
      if (at(inside.data, here) === 0 || at(inside.data, there) === 0) continue
      total += Math.abs(at(data, here) - at(data, there))
      count++
    }
  }
  return total / Math.max(1, count)
}
