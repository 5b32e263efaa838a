import { readAccessor } from '../glb/numbers.ts'
import { ByteLayout, joinChunks } from '../glb/byte-layout.ts'
import { readGlb } from '../glb/read.ts'
import type { GltfPrimitive } from '../glb/gltf.ts'

/** The service's figures hang in an armature of centimetres, which their inverse bind matrices undo. */
const CENTIMETRE = 0.01
const [UNSIGNED_BYTE, FLOAT] = [5121, 5126]
const ARRAY_BUFFER = 34_962
/** Nodes: the root, the armature, two joints, and the mesh. */
const [ARMATURE, HIPS, SPINE, MESH] = [1, 2, 3, 4]

/**
 * Gives a model of `writeGlb` a skeleton as the service's figures have one: two joints, the lower half of the figure on
 * the one, the upper half on the other. At rest it looks as before.
 */
export function rigGlb(bytes: Uint8Array): Uint8Array {
  const glb = readGlb(bytes)
  const { nodes: [root] = [], meshes: [mesh] = [], accessors = [], bufferViews = [] } = glb.json
  const positions = (part: GltfPrimitive) => readAccessor(glb, part.attributes.POSITION ?? -1)
  const heights = (mesh?.primitives ?? []).flatMap((part) => heightsOf(positions(part)))
  const [low, high] = extentOf(heights)
  const joints = [low, (low + high) / 2]
  const layout = new ByteLayout()
  layout.addBytes(glb.bin)
  const added: object[] = []
  const add = (accessor: object, data: Uint8Array, target?: number) => {
    const bufferView = bufferViews.length + layout.addBytes(data, target) - 1
    return accessors.length + added.push({ ...accessor, bufferView }) - 1
  }
  const primitives = (mesh?.primitives ?? []).map((part) => {
    const { indices, weights } = weightsOf(heightsOf(positions(part)), joints[1] ?? 0)
    const head = { count: indices.length / 4, type: 'VEC4' }
    const JOINTS_0 = add({ ...head, componentType: UNSIGNED_BYTE }, indices, ARRAY_BUFFER)
    const WEIGHTS_0 = add({ ...head, componentType: FLOAT }, new Uint8Array(weights.buffer), ARRAY_BUFFER)
    Object.assign(part.attributes, { JOINTS_0, WEIGHTS_0 })
    return part
  })
  const binds = new Uint8Array(Float32Array.from(joints.flatMap(inverseBind)).buffer)
  const inverseBindMatrices = add({ componentType: FLOAT, count: joints.length, type: 'MAT4' }, binds)
  const json = {
    ...glb.json,
    nodes: nodesOf(root?.['name'], joints),
    meshes: [{ ...mesh, primitives }],
    skins: [{ name: 'Armature', joints: [HIPS, SPINE], skeleton: HIPS, inverseBindMatrices }],
    accessors: [...accessors, ...added],
    bufferViews: [...bufferViews, ...layout.views.slice(1)],
    buffers: [{ byteLength: layout.byteLength }],
  }
  return joinChunks(JSON.stringify(json), layout)
}

function nodesOf(name: unknown, [hips = 0, spine = 0]: number[]): object[] {
  return [
    { name, children: [ARMATURE] },
    { name: 'Armature', scale: [CENTIMETRE, CENTIMETRE, CENTIMETRE], children: [HIPS, MESH] },
    { name: 'Hips', translation: [0, hips / CENTIMETRE, 0], children: [SPINE] },
    { name: 'Spine', translation: [0, (spine - hips) / CENTIMETRE, 0] },
    { name: 'figure', mesh: 0, skin: 0 },
  ]
}

/** From the model to a joint at this height, column by column. */
function inverseBind(height: number): number[] {
  const s = 1 / CENTIMETRE
  return [s, 0, 0, 0, 0, s, 0, 0, 0, 0, s, 0, 0, -height * s, 0, 1]
}

/** Each vertex hangs on one joint alone. */
function weightsOf(heights: readonly number[], middle: number) {
  const indices = new Uint8Array(heights.length * 4)
  const weights = new Float32Array(heights.length * 4)
  heights.forEach((height, vertex) => {
    indices[vertex * 4] = height > middle ? 1 : 0
    weights[vertex * 4] = 1
  })
  return { indices, weights }
}

function heightsOf(positions: ArrayLike<number>): number[] {
  return Array.from({ length: positions.length / 3 }, (_, vertex) => positions[vertex * 3 + 1] ?? 0)
}

/** Not by spreading: a dense model has more vertices than a call can take. */
function extentOf(numbers: readonly number[]): [low: number, high: number] {
  return numbers.reduce<[number, number]>(
    ([low, high], number) => [Math.min(low, number), Math.max(high, number)],
    [Infinity, -Infinity],
  )
}
