import { Document, NodeIO, type Accessor, type Mesh, type Node } from '@gltf-transform/core'
import { ALL_EXTENSIONS, EXTMeshGPUInstancing } from '@gltf-transform/extensions'
import { quantize } from '@gltf-transform/functions'
import { assembleGlb } from './fixtures.ts'

/** A leaning row of ridges: no two of its sides are alike, and none of its corners is filled. */
const POINTS = Float32Array.from(
  Array.from({ length: 60 }, (_, at) => {
    const [t, side] = [at / 60, at % 3]
    return [t * 2 - 0.5, Math.sin(t * 9) + side * 0.2, Math.cos(t * 5) * 0.4 + side * 0.1]
  }).flat(),
)
const TURN: [number, number, number, number] = [0.3826834, 0, 0, 0.9238795]

export const POSED = {
  'turned parents': turnedParents,
  'a rig in centimetres': rig,
  'a rig whose joints are not in their bind pose': bentRig,
  'weights that do not add up to one': looseWeights,
  'morph targets at their default weights': morphed,
  'normalized integers': quantized,
  'quantized skins': quantizedSkin,
  'sparse accessors': sparse,
} satisfies Record<string, () => Promise<Uint8Array>>

async function turnedParents(): Promise<Uint8Array> {
  const { document, node, scene } = oneMesh()
  const parent = document.createNode('tilted').setRotation(TURN).setScale([1, 2, 0.5]).addChild(node)
  node.setRotation([0, 0.3826834, 0, 0.9238795]).setTranslation([3, 0, -1])
  scene.addChild(parent)
  return write(document)
}

/** As the service exports them: the armature scales by a hundredth, and the inverse bind matrices by a hundred. */
export async function rig(): Promise<Uint8Array> {
  return write(rigged().document)
}

async function bentRig(): Promise<Uint8Array> {
  const { document, arm } = rigged()
  arm.setRotation(TURN)
  return write(document)
}

async function looseWeights(): Promise<Uint8Array> {
  const { document, mesh, arm } = rigged()
  arm.setRotation(TURN)
  const weights = mesh.listPrimitives()[0]?.getAttribute('WEIGHTS_0')
  const halves = Float32Array.from(weights?.getArray() ?? [], (weight: number, at) =>
    at < 8 ? 0 : weight / 2,
  )
  weights?.setArray(halves)
  return write(document)
}

async function morphed(): Promise<Uint8Array> {
  const { document, mesh, node, scene } = oneMesh()
  const [primitive] = mesh.listPrimitives()
  for (const [name, axis] of [
    ['wide', 0],
    ['tall', 1],
  ] as const) {
    const moves = POINTS.map((value, at) => (at % 3 === axis ? value * 2 : 0))
    primitive?.addTarget(document.createPrimitiveTarget(name).setAttribute('POSITION', vec3(document, moves)))
  }
  mesh.setWeights([0.5, 0])
  const own = document.createNode('own').setMesh(mesh).setWeights([0, 1]).setTranslation([5, 0, 0])
  scene.addChild(node).addChild(own)
  return write(document)
}

async function quantized(): Promise<Uint8Array> {
  const { document, node, scene } = oneMesh()
  scene.addChild(document.createNode('tilted').setRotation(TURN).addChild(node))
  await document.transform(quantize())
  return write(document)
}

async function quantizedSkin(): Promise<Uint8Array> {
  const { document } = rigged()
  await document.transform(quantize())
  return write(document)
}

async function sparse(): Promise<Uint8Array> {
  const { document, mesh, node, scene } = oneMesh()
  const positions = mesh.listPrimitives()[0]?.getAttribute('POSITION')
  positions?.setArray(POINTS.map((value, at) => (at < 150 ? 0 : value))).setSparse(true)
  scene.addChild(node)
  return write(document)
}

/** What glTF forbids, and validators overlook: one that turns little, one that turns upside down, and one that mirrors. */
const SKEWED = [
  [1, 0.3, 0, 0, 0.7, 2, 0.1, 0, 0.4, 0, 1, 0, 1, 2, 3, 1],
  [1, 0, 0.2, 0, 0.6, -1, 0, 0, 0, 0.3, -2, 0, 9, 0, 0, 1],
  [-1, 0.5, 0, 0, 0, 1, 0.4, 0, 0, 0, 1, 0, 0, 9, 0, 1],
]

export async function skewed(): Promise<Uint8Array> {
  const { document, mesh, scene } = oneMesh()
  for (const name of SKEWED.keys()) scene.addChild(document.createNode(`${name}`).setMesh(mesh))
  const { json, resources } = await new NodeIO().binaryToJSON(await write(document))
  for (const node of json.nodes ?? []) {
    const matrix = SKEWED[Number(node.name)]
    if (matrix) Object.assign(node, { matrix })
  }
  return assembleGlb(json, Object.values(resources)[0])
}

/** Two scenes that share a root. */
export async function twoScenes(): Promise<Uint8Array> {
  const { document, mesh, node, scene } = oneMesh()
  node.setName('both')
  scene.addChild(node).addChild(document.createNode('first').setMesh(mesh).setTranslation([0, 1, 0]))
  document.createScene('second').addChild(node)
  document.getRoot().setDefaultScene(scene)
  return write(document)
}

/** Everything at y = 0. */
export async function flatModel(): Promise<Uint8Array> {
  const { document, mesh, node, scene } = oneMesh()
  const flat = POINTS.map((value, at) => (at % 3 === 1 ? 0 : value))
  mesh.listPrimitives()[0]?.getAttribute('POSITION')?.setArray(flat)
  scene.addChild(node)
  return write(document)
}

/** One mesh, shown where instances are: turned and scaled ones. */
export async function instanced(count: number): Promise<Uint8Array> {
  const { document, node, scene } = oneMesh()
  const instancing = document.createExtension(EXTMeshGPUInstancing)
  const places = Float32Array.from({ length: count * 3 }, (_, at) => (at % 3 === 0 ? at : 0))
  const turns = Float32Array.from({ length: count * 4 }, (_, at) => TURN[at % 4] ?? 0)
  const batch = instancing
    .createInstancedMesh()
    .setAttribute('TRANSLATION', vec3(document, places))
    .setAttribute('ROTATION', document.createAccessor().setType('VEC4').setArray(turns))
  node.setExtension('EXT_mesh_gpu_instancing', batch)
  scene.addChild(node)
  return write(document)
}

function oneMesh() {
  const document = new Document()
  document.createBuffer()
  const mesh = ridges(document)
  const node = document.createNode('ridges').setMesh(mesh)
  return { document, mesh, node, scene: document.createScene() }
}

function rigged(): { document: Document; mesh: Mesh; arm: Node } {
  const { document, mesh, node, scene } = oneMesh()
  const count = POINTS.length / 3
  const joints = Uint8Array.from({ length: count * 4 }, (_, at) => [0, 1, 0, 0][at % 4] ?? 0)
  const weights = Float32Array.from({ length: count * 4 }, (_, at) => {
    const share = Math.floor(at / 4) / count
    return [1 - share, share, 0, 0][at % 4] ?? 0
  })
  mesh
    .listPrimitives()[0]
    ?.setAttribute('JOINTS_0', document.createAccessor().setType('VEC4').setArray(joints))
    .setAttribute('WEIGHTS_0', document.createAccessor().setType('VEC4').setArray(weights))
  const tip = document.createNode('tip').setTranslation([20, 10, 0]).setExtras({ socket: true })
  const arm = document.createNode('Arm').setTranslation([50, 0, 0]).addChild(tip)
  const hips = document.createNode('Hips').addChild(arm)
  const skin = document
    .createSkin('rig')
    .addJoint(hips)
    .addJoint(arm)
    .setInverseBindMatrices(inverse(document))
  node.setSkin(skin)
  scene.addChild(document.createNode('Armature').setScale([0.01, 0.01, 0.01]).addChild(hips).addChild(node))
  addClip(document, arm)
  return { document, mesh, arm }
}

/** A hundred times as large; the second joint half a metre to the right. */
function inverse(document: Document): Accessor {
  const matrix = (x: number) => [100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 100, 0, x, 0, 0, 1]
  const array = Float32Array.from([...matrix(0), ...matrix(-50)])
  return document.createAccessor().setType('MAT4').setArray(array)
}

function addClip(document: Document, arm: Node): void {
  const input = document
    .createAccessor()
    .setType('SCALAR')
    .setArray(Float32Array.from([0, 1]))
  const output = document
    .createAccessor()
    .setType('VEC4')
    .setArray(Float32Array.from([0, 0, 0, 1, ...TURN]))
  const sampler = document.createAnimationSampler().setInput(input).setOutput(output)
  const channel = document
    .createAnimationChannel()
    .setTargetNode(arm)
    .setTargetPath('rotation')
    .setSampler(sampler)
  document.createAnimation('bend').addSampler(sampler).addChannel(channel)
}

function ridges(document: Document): Mesh {
  const indices = Uint16Array.from({ length: POINTS.length / 3 }, (_, at) => at)
  const primitive = document
    .createPrimitive()
    .setAttribute('POSITION', vec3(document, POINTS.slice()))
    .setIndices(document.createAccessor().setType('SCALAR').setArray(indices))
  return document.createMesh('ridges').addPrimitive(primitive)
}

function vec3(document: Document, array: Float32Array): Accessor {
  return document.createAccessor().setType('VEC3').setArray(array)
}

function write(document: Document): Promise<Uint8Array> {
  for (const accessor of document.getRoot().listAccessors()) {
    if (!accessor.getBuffer()) accessor.setBuffer(document.getRoot().listBuffers()[0] ?? null)
  }
  return new NodeIO().registerExtensions(ALL_EXTENSIONS).writeBinary(document)
}
