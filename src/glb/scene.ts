import { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import { IDENTITY, localMatrix, multiply, type Matrix, coordinate } from './matrix.ts'
import type { GltfDocument, GltfNode, Glb, GltfSkin, GltfPrimitive } from './gltf.ts'
import { readNumbers, type Numbers, invalidNumbers } from './numbers.ts'
import type { Vec3 } from './facts.ts'

export interface PlacedNode {
  node: GltfNode
  /** From the node to the scene. */
  matrix: Matrix
}

/** Walks the nodes of the default scene. A node that is visited twice would be a loop, which glTF forbids. */
export function* walkScene(json: GltfDocument): Generator<PlacedNode> {
  const seen = new Set<number>()
  const waiting = rootNodes(json).map((index) => ({ index, parent: IDENTITY }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = pick(json.nodes, next.index, 'nodes')
    if (!node || seen.has(next.index)) throw twoParents(next.index)
    seen.add(next.index)
    const matrix = multiply(next.parent, localMatrix(node))
    yield { node, matrix }
    for (const index of node.children ?? []) waiting.push({ index, parent: matrix })
  }
}

/** The nodes of the default scene; a file without scenes shows every node that has no parent. */
function rootNodes(json: GltfDocument): number[] {
  if (json.scenes?.length) return pick(json.scenes, json.scene ?? 0, 'scenes')?.nodes ?? []
  const children = new Set(json.nodes?.flatMap((node) => node.children ?? []))
  return (json.nodes ?? []).map((_, index) => index).filter((index) => !children.has(index))
}

/** The places of nodes in the rest pose, whichever scene shows them: joints can be anywhere. */
export class RestPose {
  readonly #json: GltfDocument
  readonly #parents = new Map<number, number>()
  readonly #matrices = new Map<number, Matrix>()

  constructor(json: GltfDocument) {
    this.#json = json
    for (const [parent, { children = [] }] of (json.nodes ?? []).entries()) {
      for (const child of children) this.#parents.set(child, parent)
    }
  }

  matrixOf(index: number): Matrix {
    const path: number[] = []
    let at: number | undefined = index
    while (at !== undefined && !this.#matrices.has(at)) {
      path.push(at)
      if (path.length > (this.#json.nodes?.length ?? 0)) throw twoParents(at)
      at = this.#parents.get(at)
    }
    let matrix = (at === undefined ? undefined : this.#matrices.get(at)) ?? IDENTITY
    for (const below of path.toReversed()) {
      const node = pick(this.#json.nodes, below, 'nodes')
      if (node) matrix = multiply(matrix, localMatrix(node))
      this.#matrices.set(below, matrix)
    }
    return matrix
  }
}

export function pick<T>(list: T[] | undefined, index: number | undefined, name: string): T | undefined {
  if (index === undefined) return undefined
  const found = list?.[index]
  if (found === undefined) throw invalid(`it refers to \`${name}[${index}]\`, which does not exist`)
  return found
}

/** The numbers of an accessor by its index; also undefined if they cannot be read. */
function numbersAt(glb: Glb, index: number | undefined): Numbers | undefined {
  const accessor = pick(glb.json.accessors, index, 'accessors')
  return accessor && readNumbers(glb, accessor)
}

function twoParents(index: number): MeshyError {
  return invalid(`node \`${index}\` has two parents`)
}

function invalid(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The model cannot be inspected: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}

const instancing = z.looseObject({
  EXT_mesh_gpu_instancing: z.looseObject({ attributes: z.record(z.string(), z.int().min(0)) }),
})

/** How often a node shows its mesh, by EXT_mesh_gpu_instancing. */
interface Instances {
  count: number
  /** From each instance to the node; empty if the instances are compressed. */
  matrices: Matrix[]
}

/** Undefined for a node that shows its mesh once, at its own place. */
export function instancesOf(glb: Glb, { extensions }: GltfNode): Instances | undefined {
  const parsed = instancing.safeParse(extensions)
  if (!parsed.success) return undefined
  const { attributes } = parsed.data.EXT_mesh_gpu_instancing
  const { TRANSLATION, ROTATION, SCALE } = attributes
  const accessors = Object.values(attributes).map((index) => pick(glb.json.accessors, index, 'accessors'))
  const count = accessors.reduce((most, accessor) => Math.max(most, accessor?.count ?? 0), 0)
  const [translations, rotations, scales] = [TRANSLATION, ROTATION, SCALE].map((index) =>
    numbersAt(glb, index),
  )
  const known = Math.max(...[translations, rotations, scales].map((numbers) => numbers?.count ?? 0))
  const matrices = Array.from({ length: known }, (_, index) =>
    localMatrix({
      translation: vector(translations, index, 3),
      rotation: vector(rotations, index, 4),
      scale: vector(scales, index, 3),
    } as GltfNode),
  )
  return { count, matrices }
}

/** The places where a node shows its mesh, from the mesh to the scene. */
export function shownAt(matrix: Matrix, instances: Instances | undefined): Matrix[] {
  if (!instances || (instances.count > 0 && instances.matrices.length === 0)) return [matrix]
  return instances.matrices.map((instance) => multiply(matrix, instance))
}

function vector(numbers: Numbers | undefined, index: number, width: number): number[] | undefined {
  if (!numbers || numbers.width !== width || index >= numbers.count) return undefined
  return [...numbers.values.subarray(index * width, (index + 1) * width)]
}

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
