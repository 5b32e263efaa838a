import type { Vec3 } from './facts.ts'
import type { GltfNode } from './gltf.ts'

/** A 4×4 matrix in column-major order, as glTF stores it. */
export type Matrix = readonly number[]

export const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]

/** The transform of a node relative to its parent, from its matrix or from translation, rotation and scale. */
export function localMatrix(node: GltfNode): Matrix {
  if (node.matrix) return withoutSkew(node.matrix)
  const [x, y, z, w] = node.rotation ?? [0, 0, 0, 1]
  return compose(rotatedAxes(x, y, z, w), node.scale ?? [1, 1, 1], node.translation ?? [0, 0, 0])
}

function compose(
  axes: readonly number[][],
  scale: readonly number[],
  translation: readonly number[],
): Matrix {
  const columns = axes.flatMap((axis, at) => axis.map((value) => value * (scale[at] ?? 1)))
  return [...columns, ...translation, 1]
}

/** The cosine between two axes from which they are not perpendicular, whatever was rounded. */
const SKEW = 1e-4

/**
 * glTF forbids matrices that skew, and viewers reduce them to a translation, a rotation and a scale. A skewed matrix
 * gives no pure rotation, but the quaternion that every viewer reads from it.
 */
function withoutSkew(matrix: Matrix): Matrix {
  const columns = [0, 4, 8].map((at) => matrix.slice(at, at + 3))
  const scale = columns.map((column) => Math.hypot(...column))
  const axes = columns.map((column, at) => column.map((value) => value / (scale[at] ?? 1)))
  const [x = [], y = [], z = []] = axes
  const isSkewed = [dot(x, y), dot(y, z), dot(z, x)].some((cosine) => Math.abs(cosine) > SKEW)
  if (!isSkewed) return matrix
  const isMirrored = dot(cross(x, y), z) < 0
  const sign = isMirrored ? -1 : 1
  const rotated = rotatedAxes(...quaternionOf([x.map((value) => value * sign), y, z]))
  return compose(rotated, [(scale[0] ?? 1) * sign, scale[1] ?? 1, scale[2] ?? 1], matrix.slice(12, 15))
}

function quaternionOf(axes: readonly number[][]): [number, number, number, number] {
  const at = (axis: number, row: number) => axes[axis % 3]?.[row % 3] ?? 0
  const trace = at(0, 0) + at(1, 1) + at(2, 2)
  if (trace > 0) {
    const size = 2 * Math.sqrt(trace + 1)
    const [x = 0, y = 0, z = 0] = [0, 1, 2].map((i) => (at(i + 1, i + 2) - at(i + 2, i + 1)) / size)
    return [x, y, z, size / 4]
  }
  const largest = [0, 1, 2].reduce((best, i) => (at(i, i) > at(best, best) ? i : best))
  const [next, last] = [(largest + 1) % 3, (largest + 2) % 3]
  const size = 2 * Math.sqrt(1 + 2 * at(largest, largest) - trace)
  const found: [number, number, number, number] = [0, 0, 0, (at(next, last) - at(last, next)) / size]
  found[largest] = size / 4
  for (const other of [next, last]) found[other] = (at(largest, other) + at(other, largest)) / size
  return found
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}

function cross([a = 0, b = 0, c = 0]: readonly number[], [x = 0, y = 0, z = 0]: readonly number[]): number[] {
  return [b * z - c * y, c * x - a * z, a * y - b * x]
}

/** The three axes rotated by a unit quaternion, as columns of a matrix. */
function rotatedAxes(x: number, y: number, z: number, w: number): [number[], number[], number[]] {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y), 0],
    [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x), 0],
    [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y), 0],
  ]
}

/** `a` after `b`: the transform of a child with `b` under a parent with `a`. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const product: number[] = []
  for (let column = 0; column < 16; column += 4) {
    for (let row = 0; row < 4; row++) {
      let sum = 0
      for (let k = 0; k < 4; k++) sum += (a[row + 4 * k] ?? 0) * (b[column + k] ?? 0)
      product.push(sum)
    }
  }
  return product
}

/** One coordinate of a point transformed by a matrix. */
export function coordinate(matrix: Matrix, axis: 0 | 1 | 2, [x, y, z]: Vec3): number {
  return (
    (matrix[axis] ?? 0) * x +
    (matrix[axis + 4] ?? 0) * y +
    (matrix[axis + 8] ?? 0) * z +
    (matrix[axis + 12] ?? 0)
  )
}

/** A point transformed by a matrix. */
export function transform(matrix: Matrix, point: Vec3): Vec3 {
  return [coordinate(matrix, 0, point), coordinate(matrix, 1, point), coordinate(matrix, 2, point)]
}
