import { at, clamp } from './plane.ts'

/** Longest side of a model, as the service scales its own. */
const LONGEST_SIDE = 1.9

/** Moves the middle of the bounds to the origin and scales the longest side to 1.9. */
export function placeInScene(positions: Float32Array): Float32Array {
  const axes = [0, 1, 2].map((axis) => extent(positions, axis))
  const scale = LONGEST_SIDE / Math.max(...axes.map(({ min, max }) => max - min))
  const placed = new Float32Array(positions.length)
  axes.forEach(({ min, max }, axis) => {
    const middle = (min + max) / 2
    for (let i = axis; i < positions.length; i += 3) {
      placed[i] = clamp((at(positions, i) - middle) * scale, -LONGEST_SIDE / 2, LONGEST_SIDE / 2)
    }
  })
  return placed
}

function extent(positions: Float32Array, axis: number): { min: number; max: number } {
  let min = Infinity
  let max = -Infinity
  for (let i = axis; i < positions.length; i += 3) {
    min = Math.min(min, at(positions, i))
    max = Math.max(max, at(positions, i))
  }
  return { min, max }
}
