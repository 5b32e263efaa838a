import type { Vec3 } from './facts.ts'
import { coordinate, multiply, type Matrix } from './matrix.ts'
import { type Numbers, invalidNumbers } from './numbers.ts'
import type { Glb, GltfSkin, GltfPrimitive } from './gltf.ts'
import { numbersAt, type RestPose } from './scene.ts'

/**
 * The transforms by which the joints of a skin move their vertices: the joint's transform after its inverse bind
 * matrix. The node of a skinned mesh has no effect. Undefined if the inverse bind matrices are compressed.
 */
export function jointMatrices(glb: Glb, skin: GltfSkin, pose: RestPose): Matrix[] | undefined {
  const inverse = numbersAt(glb, skin.inverseBindMatrices)
  if (skin.inverseBindMatrices !== undefined && !inverse) return undefined
  return skin.joints.map((joint, index) => {
    const matrix = pose.matrixOf(joint)
    if (!inverse) return matrix
    if (inverse.width !== 16 || index >= inverse.count) {
      throw invalidNumbers(`its skin has no inverse bind matrix for joint \`${index}\``)
    }
    return multiply(matrix, [...inverse.values.subarray(index * 16, (index + 1) * 16)])
  })
}

/** The joints and weights of the vertices of a primitive: four joints each, as viewers read them. */
export interface Bones {
  joints: Numbers
  weights: Numbers
}

/** The vertices in the pose of their joints. Weights that do not add up to one are normalized, as viewers do. */
export function skinned(points: Float32Array, bones: Bones, matrices: readonly Matrix[]): Float32Array {
  const moved = new Float32Array(points.length)
  for (let at = 0, vertex = 0; at < points.length; at += 3, vertex++) {
    const point: Vec3 = [points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0]
    let total = 0
    for (const [joint, weight] of hanging(bones, vertex)) {
      const matrix = matrices[joint]
      if (!matrix)
        throw invalidNumbers(
          `a vertex refers to joint \`${joint}\`, but there are only \`${matrices.length}\` joints`,
        )
      for (const axis of AXES)
        moved[at + axis] = (moved[at + axis] ?? 0) + coordinate(matrix, axis, point) * weight
      total += weight
    }
    for (const axis of AXES) moved[at + axis] = (moved[at + axis] ?? 0) / total
  }
  return moved
}

const AXES = [0, 1, 2] as const

/** The joints of a vertex and their weights. A vertex without any weight follows its first joint, as in three.js. */
function* hanging({ joints, weights }: Bones, vertex: number): Generator<[joint: number, weight: number]> {
  let isLoose = true
  for (let at = vertex * 4; at < vertex * 4 + 4; at++) {
    const weight = weights.values[at] ?? 0
    if (weight === 0) continue
    isLoose = false
    yield [joints.values[at] ?? 0, weight]
  }
  if (isLoose) yield [joints.values[vertex * 4] ?? 0, 1]
}

/** The vertices of a primitive as its mesh has them, with the default weights of its morph targets. */
export function readShape(
  glb: Glb,
  { attributes, targets = [] }: GltfPrimitive,
  weights: readonly number[],
): Float32Array | undefined {
  const positions = readAttribute(glb, attributes['POSITION'], 3)
  if (!positions) return undefined
  const points = positions.values
  for (const [index, target] of targets.entries()) {
    const weight = weights[index] ?? 0
    const moves = weight === 0 ? undefined : readAttribute(glb, target['POSITION'], 3)
    if (moves) move(points, moves.values, weight)
  }
  return points
}

function move(points: Float32Array, moves: Float32Array, weight: number): void {
  for (let at = 0; at < points.length; at++) points[at] = (points[at] ?? 0) + (moves[at] ?? 0) * weight
}

/** Undefined if nothing is attached to joints, or if joints or weights are compressed. */
export function readBones(glb: Glb, { attributes }: GltfPrimitive): Bones | undefined {
  const joints = readAttribute(glb, attributes['JOINTS_0'], 4)
  const weights = readAttribute(glb, attributes['WEIGHTS_0'], 4)
  return joints && weights && { joints, weights }
}

function readAttribute(glb: Glb, index: number | undefined, width: number): Numbers | undefined {
  const numbers = numbersAt(glb, index)
  return numbers && numbers.width === width ? numbers : undefined
}
