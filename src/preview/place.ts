import { at, clamp } from './plane.ts'

/** Longest side of a model, as the service scales its own. */
const LONGEST_SIDE = 1.9

/** Moves the middle of the bounds to the origin and scales the longest side to 1.9. */
export function placeInScene(positions: Float32Array): Float32Array {
  const min = [Infinity, Infinity, Infinity]
  const max = [-Infinity, -Infinity, -Infinity]
  for (let i = 0; i < positions.length; i++) {
    min[i % 3] = Math.min(min[i % 3] ?? 0, at(positions, i))
    max[i % 3] = Math.max(max[i % 3] ?? 0, at(positions, i))
  }
  const longest = Math.max(...max.map((high, axis) => high - (min[axis] ?? 0)))
  const middle = max.map((high, axis) => (high + (min[axis] ?? 0)) / 2)
  const scale = LONGEST_SIDE / longest
  return positions.map((value, i) => {
    const placed = (value - (middle[i % 3] ?? 0)) * scale
    return clamp(placed, -LONGEST_SIDE / 2, LONGEST_SIDE / 2)
  })
}
