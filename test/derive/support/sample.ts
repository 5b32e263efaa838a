import {
  Document,
  NodeIO,
  type Accessor,
  type Node,
  type Primitive,
  type TypedArray,
} from '@gltf-transform/core'
import { ALL_EXTENSIONS, EXTMeshGPUInstancing, KHRLightsPunctual } from '@gltf-transform/extensions'
import draco3dgltf from 'draco3dgltf'
import { MeshoptDecoder, MeshoptEncoder } from 'meshoptimizer'

/** Reads and writes what any loader reads. */
export async function openIo(): Promise<NodeIO> {
  return await (opened.io ??= makeIo())
}

const opened: { io?: Promise<NodeIO> } = {}

async function makeIo(): Promise<NodeIO> {
  await MeshoptDecoder.ready
  return new NodeIO().registerExtensions(ALL_EXTENSIONS).registerDependencies({
    'meshopt.decoder': MeshoptDecoder,
    'meshopt.encoder': MeshoptEncoder,
    'draco3d.decoder': await draco3dgltf.createDecoderModule(),
    'draco3d.encoder': await draco3dgltf.createEncoderModule(),
  })
}

/** The corners of a sheet with waves, 2 × 2 large. */
export interface Sheet {
  positions: Float32Array<ArrayBuffer>
  normals: Float32Array<ArrayBuffer>
  uvs: Float32Array<ArrayBuffer>
  indices: Uint16Array<ArrayBuffer>
}

export function sheet(side = 24): Sheet {
  const corners = Array.from(
    { length: (side + 1) ** 2 },
    (_, i) => [(i % (side + 1)) / side, Math.floor(i / (side + 1)) / side] as const,
  )
  const indices = Array.from({ length: side * side }, (_, i) => {
    const a = i + Math.floor(i / side)
    return [a, a + 1, a + side + 2, a, a + side + 2, a + side + 1]
  })
  return {
    positions: new Float32Array(
      corners.flatMap(([u, v]) => [2 * u - 1, 2 * v - 1, 0.3 * Math.sin(6 * u) * Math.cos(5 * v)]),
    ),
    normals: new Float32Array(corners.flatMap(() => [0, 0, 1])),
    uvs: new Float32Array(corners.flat()),
    indices: new Uint16Array(indices.flat()),
  }
}

/** A document under construction. */
export class Sample {
  readonly document = new Document()
  readonly buffer = this.document.createBuffer()
  readonly scene = this.document.createScene('main')

  accessor(type: Parameters<Accessor['setType']>[0], values: TypedArray): Accessor {
    return this.document.createAccessor().setType(type).setArray(values).setBuffer(this.buffer)
  }

  primitive({ positions, normals, uvs, indices } = sheet()): Primitive {
    return this.document
      .createPrimitive()
      .setAttribute('POSITION', this.accessor('VEC3', positions))
      .setAttribute('NORMAL', this.accessor('VEC3', normals))
      .setAttribute('TEXCOORD_0', this.accessor('VEC2', uvs))
      .setIndices(this.accessor('SCALAR', indices))
  }

  node(name: string, primitive?: Primitive): Node {
    const node = this.document.createNode(name)
    if (primitive) node.setMesh(this.document.createMesh(name).addPrimitive(primitive))
    this.scene.addChild(node)
    return node
  }

  /** A clip that turns a node by a quarter in a second. */
  clip(name: string, node: Node): void {
    const input = this.accessor('SCALAR', new Float32Array([0, 1]))
    const output = this.accessor('VEC4', new Float32Array([0, 0, 0, 1, 0, Math.SQRT1_2, 0, Math.SQRT1_2]))
    const sampler = this.document.createAnimationSampler().setInput(input).setOutput(output)
    const channel = this.document
      .createAnimationChannel()
      .setTargetNode(node)
      .setTargetPath('rotation')
      .setSampler(sampler)
    this.document.createAnimation(name).addSampler(sampler).addChannel(channel)
  }

  async write(): Promise<Uint8Array> {
    return (await openIo()).writeBinary(this.document)
  }
}

/** A sheet on two bones under an armature of a hundredth, as the service exports it, with a clip and a socket. */
export function riggedSample(): Sample {
  const sample = new Sample()
  const { document } = sample
  const primitive = sample.primitive()
  const count = primitive.getAttribute('POSITION')?.getCount() ?? 0
  const weights = Array.from({ length: count }, (_, i) => [i / count, 1 - i / count, 0, 0])
  primitive
    .setAttribute('JOINTS_0', sample.accessor('VEC4', new Uint8Array(weights.flatMap(() => [0, 1, 0, 0]))))
    .setAttribute('WEIGHTS_0', sample.accessor('VEC4', new Float32Array(weights.flat())))
  const armature = sample.node('Armature').setScale([0.01, 0.01, 0.01])
  const bones = ['Hips', 'Hand'].map((name) => document.createNode(name))
  const body = document.createNode('Body').setMesh(document.createMesh('Body').addPrimitive(primitive))
  const hundred = [100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 1]
  const skin = document
    .createSkin('rig')
    .setInverseBindMatrices(sample.accessor('MAT4', new Float32Array([...hundred, ...hundred])))
  for (const bone of bones) skin.addJoint(bone)
  body.setSkin(skin)
  for (const node of [body, ...bones]) armature.addChild(node)
  bones[1]?.addChild(
    document.createNode('hand_socket').setTranslation([0, 50, 0]).setExtras({ attach: 'sword' }),
  )
  if (bones[0]) sample.clip('turn', bones[0])
  return sample
}

/** One thing of everything that code asks a model for by name, and some of what has no name. */
export function propSample(): Sample {
  const sample = new Sample()
  const { document } = sample
  const wood = document.createMaterial('wood').setExtras({ sound: 'knock' }).setMetallicFactor(0)
  const shared = sample.primitive().setMaterial(wood)
  sample.node('Door_L', shared).setTranslation([2, 0, 0]).setExtras({ openable: true })
  sample.node('Door_R', shared.clone()).setTranslation([-2, 0, 0])
  for (const x of [6, 9]) sample.node('', sample.primitive().setMaterial(wood)).setTranslation([x, 0, 0])
  sample.node('hand_socket').setTranslation([0, 1, 0]).setExtras({ attach: 'sword' })
  sample.node('SpawnPoint').setTranslation([0, 0, 5])
  sample.node('ShotCamera').setCamera(document.createCamera('shot'))
  const lamp = document.createExtension(KHRLightsPunctual).createLight('lamp')
  sample.node('Lamp').setExtension('KHR_lights_punctual', lamp)
  document.createNode('unused_node')
  const face = sample.primitive().setMaterial(wood)
  const smile = sample.accessor('VEC3', new Float32Array(625 * 3).fill(0.2))
  sample.node('Face', face.addTarget(document.createPrimitiveTarget().setAttribute('POSITION', smile)))
  const wheel = sample.node('Wheel', sample.primitive()).setTranslation([0, -6, 0])
  sample.clip('roll', wheel)
  return sample
}

/** A sheet that is shown three times by EXT_mesh_gpu_instancing. */
export function instancedSample(): Sample {
  const sample = new Sample()
  const places = sample.accessor('VEC3', new Float32Array([0, 0, 0, 3, 0, 0, 6, 0, 0]))
  const extension = sample.document.createExtension(EXTMeshGPUInstancing).setRequired(true)
  const batch = extension.createInstancedMesh().setAttribute('TRANSLATION', places)
  sample.node('Fence', sample.primitive()).setExtension('EXT_mesh_gpu_instancing', batch)
  return sample
}

/** Points and lines, and no triangle. */
export function dottedSample(): Sample {
  const sample = new Sample()
  const [POINTS, LINE_STRIP] = [0, 3] as const
  for (const mode of [POINTS, LINE_STRIP]) {
    const positions = sample.accessor('VEC3', sheet().positions)
    sample.node(
      `mode ${mode}`,
      sample.document.createPrimitive().setMode(mode).setAttribute('POSITION', positions),
    )
  }
  return sample
}

/** A clip for another model's bones, and nothing to see. */
export function clipSample(): Sample {
  const sample = new Sample()
  sample.clip('wave', sample.node('Hips'))
  return sample
}
