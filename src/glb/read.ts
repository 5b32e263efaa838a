import { z } from 'zod'
import { MeshyError } from '../errors.ts'
import { assertGlbHeader, GLB_HEAD_BYTES } from './validate.ts'

const index = z.number().int().min(0)
const vec3 = z.tuple([z.number(), z.number(), z.number()])
const quaternion = z.tuple([z.number(), z.number(), z.number(), z.number()])

const node = z.looseObject({
  mesh: index.optional(),
  children: z.array(index).optional(),
  matrix: z.array(z.number()).length(16).optional(),
  translation: vec3.optional(),
  rotation: quaternion.optional(),
  scale: vec3.optional(),
})

const primitive = z.looseObject({
  attributes: z.record(z.string(), index),
  indices: index.optional(),
  material: index.optional(),
  mode: index.optional(),
})

const accessor = z.looseObject({
  bufferView: index.optional(),
  byteOffset: index.optional(),
  componentType: index,
  normalized: z.boolean().optional(),
  count: index,
  type: z.string(),
  min: z.array(z.number()).optional(),
  max: z.array(z.number()).optional(),
})

const bufferView = z.looseObject({
  buffer: index,
  byteOffset: index.optional(),
  byteLength: index,
  byteStride: index.optional(),
})

const material = z.looseObject({
  pbrMetallicRoughness: z
    .looseObject({
      baseColorFactor: z.array(z.number()).optional(),
      baseColorTexture: z.unknown().optional(),
    })
    .optional(),
})

const gltf = z.looseObject({
  asset: z.looseObject({ version: z.string() }),
  scene: index.optional(),
  scenes: z.array(z.looseObject({ nodes: z.array(index).optional() })).optional(),
  nodes: z.array(node).optional(),
  meshes: z.array(z.looseObject({ primitives: z.array(primitive) })).optional(),
  accessors: z.array(accessor).optional(),
  bufferViews: z.array(bufferView).optional(),
  materials: z.array(material).optional(),
  textures: z.array(z.unknown()).optional(),
  animations: z.array(z.unknown()).optional(),
})

/** The parts of a glTF document that we read; all others are kept as they are. */
export type GltfDocument = z.infer<typeof gltf>
export type GltfNode = z.infer<typeof node>
export type GltfPrimitive = z.infer<typeof primitive>
export type GltfAccessor = z.infer<typeof accessor>
export type GltfBufferView = z.infer<typeof bufferView>

/** A binary glTF file, taken apart. */
export interface Glb {
  json: GltfDocument
  /** The binary chunk; empty when there is none. */
  bin: Uint8Array
}

/** Takes a GLB apart. Throws `MESHY_GLB_INVALID` when the container or its JSON is not what glTF 2.0 says. */
export function readGlb(bytes: Uint8Array): Glb {
  assertGlbHeader(bytes.subarray(0, GLB_HEAD_BYTES), bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const jsonEnd = GLB_HEAD_BYTES + view.getUint32(12, true)
  return { json: parseDocument(bytes.subarray(GLB_HEAD_BYTES, jsonEnd)), bin: readBin(bytes, view, jsonEnd) }
}

function parseDocument(bytes: Uint8Array): GltfDocument {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw invalid('its JSON chunk does not parse', cause)
  }
  const result = gltf.safeParse(parsed)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`\`${issue?.path.join('.')}\` of its JSON is wrong: ${issue?.message}`, result.error)
}

const BIN_CHUNK = 0x004e4942

function readBin(bytes: Uint8Array, view: DataView, offset: number): Uint8Array {
  if (offset + 8 > bytes.length) return new Uint8Array()
  const length = view.getUint32(offset, true)
  if (view.getUint32(offset + 4, true) !== BIN_CHUNK) return new Uint8Array()
  if (offset + 8 + length > bytes.length)
    throw invalid(`its binary chunk of \`${length}\` bytes does not fit`)
  return bytes.subarray(offset + 8, offset + 8 + length)
}

function invalid(reason: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The file is not a valid binary glTF 2.0 file: ${reason}.`,
    hint: 'Fetch or export the model again as GLB.',
    cause,
  })
}
