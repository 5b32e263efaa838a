import type { Vec3 } from './facts.ts'
import type { GltfNode } from './gltf.ts'

/** A 4×4 matrix in column-major order, as glTF stores it. */
export type Matrix = readonly number[]

export const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]

/** The transform of a node relative to its parent, from its matrix or from translation, rotation and scale. */
export function localMatrix(node: GltfNode): Matrix {
  if (node.matrix) return node.matrix
  const [x, y, z, w] = node.rotation ?? [0, 0, 0, 1]
  const [right, up, front] = rotatedAxes(x, y, z, w)
  const [scaleX, scaleY, scaleZ] = node.scale ?? [1, 1, 1]
  return [
    ...right.map((value) => value * scaleX),
    ...up.map((value) => value * scaleY),
    ...front.map((value) => value * scaleZ),
    ...(node.translation ?? [0, 0, 0]),
    1,
  ]
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
