import type { Facts, Vec3 } from './facts.ts'
import { COMPONENTS, invalidNumbers } from './numbers.ts'
import { transform, type Matrix } from './matrix.ts'
import type { GltfAccessor } from './gltf.ts'

/** The box around everything added so far. */
export class BoundsBuilder {
  readonly #min: Vec3 = [Infinity, Infinity, Infinity]
  readonly #max: Vec3 = [-Infinity, -Infinity, -Infinity]

  add([x, y, z]: Vec3): void {
    // The sum is finite if each of them is, except for an overflow that no model has.
    if (!Number.isFinite(x + y + z)) throw invalidNumbers('it has a position that is not a finite number')
    const [min, max] = [this.#min, this.#max]
    if (x < min[0]) min[0] = x
    if (y < min[1]) min[1] = y
    if (z < min[2]) min[2] = z
    if (x > max[0]) max[0] = x
    if (y > max[1]) max[1] = y
    if (z > max[2]) max[2] = z
  }

  /** Adds points, three numbers each, transformed by a matrix. */
  addAll(points: ArrayLike<number>, matrix: Matrix): void {
    for (let at = 0; at + 2 < points.length; at += 3) {
      const point: Vec3 = [points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0]
      this.add(transform(matrix, point))
    }
  }

  /** All zero when nothing was added: a scene may be empty. */
  finish(): Facts['bounds'] {
    if (this.#min[0] === Infinity) return { min: [0, 0, 0], max: [0, 0, 0], size: [0, 0, 0] }
    const [min, max] = [this.#min, this.#max]
    const size: Vec3 = [max[0] - min[0], max[1] - min[1], max[2] - min[2]]
    return { min: rounded(min), max: rounded(max), size: rounded(size) }
  }
}

/** A 32-bit float holds only seven digits; more would be noise in a committed file. */
function rounded(vector: Vec3): Vec3 {
  const [x, y, z] = vector.map((value) => Number(value.toPrecision(7)) + 0)
  return [x ?? 0, y ?? 0, z ?? 0]
}

/** The eight corners of the box that the file declares for positions that cannot be read. */
export function cornersOf(accessor: GltfAccessor): number[] {
  const { min, max, componentType, normalized } = accessor
  if (!min || !max)
    throw invalidNumbers('its positions have neither `min` and `max` nor readable plain numbers')
  const scale = normalized ? 1 / (COMPONENTS[componentType]?.one ?? 1) : 1
  return Array.from({ length: 24 }, (_, at) => {
    const axis = at % 3
    const end = (Math.floor(at / 3) >> axis) & 1 ? max : min
    return (end[axis] ?? NaN) * scale
  })
}

/** The same for points that were read, if there are too many places to transform them to. */
export function boxOf(points: Float32Array): number[] {
  const [min, max] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ]
  for (const [at, value] of points.entries()) {
    const axis = at % 3
    min[axis] = Math.min(min[axis] ?? value, value)
    max[axis] = Math.max(max[axis] ?? value, value)
  }
  return cornersOf({ min, max, componentType: FLOAT, count: 0, type: 'VEC3' })
}

const FLOAT = 5126
