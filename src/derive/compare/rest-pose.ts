import type { Accessor, Document, Node, Primitive } from '@gltf-transform/core'
import type { Vec3 } from '../../glb/facts.ts'
import { IDENTITY, localMatrix, multiply, transform, type Matrix } from '../../glb/matrix.ts'

type Quaternion = [x: number, y: number, z: number, w: number]

/** Calls back with every vertex that a document draws, where it is before anything moves. */
export function eachVertex(document: Document, visit: (at: Vec3) => void): void {
  const worldOf = worldMatrices()
  for (const node of drawnNodes(document)) {
    const weights = weightsOf(node)
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      const morphed = readMorphed(primitive, weights)
      for (const place of placesOf(node, primitive, worldOf)) morphed.forEach((at, i) => visit(place(at, i)))
    }
  }
}

type WorldOf = (node: Node) => Matrix

function fullMatrix(node: Node): Matrix {
  const scale = node.getScale()
  if (!scale.includes(0)) return node.getMatrix()
  const full = scale.map((value) => value || 1) as Vec3
  return localMatrix({ translation: node.getTranslation(), rotation: node.getRotation(), scale: full })
}

/** Returns where nodes are, each computed once: a node can have thousands of others above it. */
export function worldMatrices(localOf: WorldOf = (node) => node.getMatrix()): WorldOf {
  const known = new Map<Node, Matrix>()
  const worldOf = (node: Node): Matrix => {
    const found = known.get(node)
    if (found) return found
    const parent = node.getParentNode()
    const matrix = parent ? multiply(worldOf(parent), localOf(node)) : localOf(node)
    known.set(node, matrix)
    return matrix
  }
  return worldOf
}

/** How much of each morph target is applied before anything moves. */
function weightsOf(node: Node): number[] {
  return node.getWeights().length > 0 ? node.getWeights() : (node.getMesh()?.getWeights() ?? [])
}

/**
 * Where the vertices of a primitive are that a node draws; for instances, those of the first. Nodes that are scaled to
 * nothing, or to a plane, count as if they were not: clips show them, and their shape would not count.
 */
export function restPositions(node: Node, primitive: Primitive): Vec3[] {
  const [place] = placesOf(node, primitive, worldMatrices(fullMatrix))
  const positions = readMorphed(primitive, weightsOf(node))
  return place ? positions.map((at, i) => place(at, i)) : positions
}

/** The nodes that the default scene shows; a file without a default scene shows the first one. */
export function drawnNodes(document: Document): Node[] {
  const root = document.getRoot()
  const scene = root.getDefaultScene() ?? root.listScenes()[0]
  const nodes: Node[] = []
  scene?.traverse((node) => void nodes.push(node))
  return nodes
}

/** How often a node draws its mesh: once, or as often as EXT_mesh_gpu_instancing says. */
export function instancesOf(node: Node): Matrix[] {
  const accessors = batchOf(node)
  if (!accessors) return [IDENTITY]
  const { TRANSLATION, ROTATION, SCALE } = accessors
  const count = (TRANSLATION ?? ROTATION ?? SCALE)?.getCount() ?? 0
  return Array.from({ length: count }, (_, i) =>
    localMatrix({
      ...(TRANSLATION && { translation: TRANSLATION.getElement<Vec3>(i, [0, 0, 0]) }),
      ...(ROTATION && { rotation: ROTATION.getElement<Quaternion>(i, [0, 0, 0, 1]) }),
      ...(SCALE && { scale: SCALE.getElement<Vec3>(i, [1, 1, 1]) }),
    }),
  )
}

/** The places of the instances of a node; undefined if it draws its mesh once. */
export function batchOf(node: Node): Record<string, Accessor | null> | undefined {
  const batch = node.getExtension('EXT_mesh_gpu_instancing') as {
    getAttribute(name: string): Accessor | null
  } | null
  return batch
    ? Object.fromEntries(['TRANSLATION', 'ROTATION', 'SCALE'].map((name) => [name, batch.getAttribute(name)]))
    : undefined
}

type Place = (at: Vec3, vertex: number) => Vec3

/** A skinned mesh is where its joints are, whatever its own node says. */
function placesOf(node: Node, primitive: Primitive, worldOf: WorldOf): Place[] {
  const joints = jointMatrices(node, worldOf)
  if (joints.length > 0 && primitive.getAttribute('JOINTS_0')) return [skinned(primitive, joints)]
  const world = worldOf(node)
  return instancesOf(node).map((instance) => {
    const matrix = multiply(world, instance)
    return (at) => transform(matrix, at)
  })
}

function jointMatrices(node: Node, worldOf: WorldOf): Matrix[] {
  const skin = node.getSkin()
  const inverses = skin?.getInverseBindMatrices()
  return (skin?.listJoints() ?? []).map((joint, i) =>
    multiply(worldOf(joint), inverses ? inverses.getElement(i, []) : IDENTITY),
  )
}

function skinned(primitive: Primitive, matrices: Matrix[]): Place {
  const sets = [0, 1, 2, 3].flatMap((set) => {
    const joints = primitive.getAttribute(`JOINTS_${set}`)
    const weights = primitive.getAttribute(`WEIGHTS_${set}`)
    return joints && weights ? [{ joints, weights }] : []
  })
  return (at, vertex) => {
    const sum: Vec3 = [0, 0, 0]
    let total = 0
    for (const { joints, weights } of sets) {
      const weight = weights.getElement(vertex, [])
      joints.getElement(vertex, []).forEach((joint, i) => {
        const part = weight[i] ?? 0
        if (part === 0) return
        total += part
        const moved = transform(matrices[joint] ?? IDENTITY, at)
        for (const axis of [0, 1, 2] as const) sum[axis] += moved[axis] * part
      })
    }
    if (total > 0) return [sum[0] / total, sum[1] / total, sum[2] / total]
    // Viewers attach such a vertex to its first joint.
    const [first = 0] = sets[0]?.joints.getElement(vertex, []) ?? []
    return transform(matrices[first] ?? IDENTITY, at)
  }
}

function readMorphed(primitive: Primitive, weights: number[]): Vec3[] {
  const positions = primitive.getAttribute('POSITION')
  const targets = primitive.listTargets().flatMap((target, i) => {
    const offsets = target.getAttribute('POSITION')
    const weight = weights[i] ?? 0
    return offsets && weight !== 0 ? [{ offsets, weight }] : []
  })
  return Array.from({ length: positions?.getCount() ?? 0 }, (_, i) => {
    const at: Vec3 = positions?.getElement<Vec3>(i, [0, 0, 0]) ?? [0, 0, 0]
    for (const { offsets, weight } of targets) {
      const offset = offsets.getElement<Vec3>(i, [0, 0, 0])
      for (const axis of [0, 1, 2] as const) at[axis] += offset[axis] * weight
    }
    return at
  })
}
