import { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import { assertBacked } from './backing.ts'
import { fields, list } from './list.ts'
import { assertGlbHeader, GLB_HEAD_BYTES } from './validate.ts'

const index = z.number().int().min(0)
const vec3 = z.tuple([z.number(), z.number(), z.number()])
const quaternion = z.tuple([z.number(), z.number(), z.number(), z.number()])

const node = z.looseObject({
  mesh: index.optional(),
  skin: index.optional(),
  weights: list(z.number()).optional(),
  extensions: z.unknown().optional(),
  children: list(index).optional(),
  matrix: z.array(z.number()).length(16).optional(),
  translation: vec3.optional(),
  rotation: quaternion.optional(),
  scale: vec3.optional(),
})

const primitive = z.looseObject({
  attributes: fields(index),
  indices: index.optional(),
  material: index.optional(),
  mode: index.optional(),
  targets: list(fields(index)).optional(),
  extensions: z
    .looseObject({ KHR_draco_mesh_compression: z.looseObject({ bufferView: index }).optional() })
    .optional(),
})

const mesh = z.looseObject({
  primitives: list(primitive),
  weights: list(z.number()).optional(),
})

const skin = z.looseObject({
  joints: list(index),
  inverseBindMatrices: index.optional(),
})

const accessor = z.looseObject({
  bufferView: index.optional(),
  byteOffset: index.optional(),
  componentType: index,
  normalized: z.boolean().optional(),
  count: index,
  type: z.string(),
  min: list(z.number()).optional(),
  max: list(z.number()).optional(),
  sparse: z
    .looseObject({
      count: index,
      indices: z.looseObject({ bufferView: index, byteOffset: index.optional(), componentType: index }),
      values: z.looseObject({ bufferView: index, byteOffset: index.optional() }),
    })
    .optional(),
})

const packed = z
  .looseObject({
    buffer: index,
    byteOffset: index.optional(),
    byteLength: index,
    byteStride: index,
    count: index,
  })
  .optional()

const bufferView = z.looseObject({
  buffer: index,
  byteOffset: index.optional(),
  byteLength: index,
  // Some exporters write 0 for "one after the other", as viewers read it.
  byteStride: index.transform((stride) => stride || undefined).optional(),
  extensions: z.looseObject({ EXT_meshopt_compression: packed, KHR_meshopt_compression: packed }).optional(),
})

const buffer = z.looseObject({
  uri: z.string().optional(),
  byteLength: index.optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
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
  scenes: list(z.looseObject({ nodes: list(index).optional() })).optional(),
  nodes: list(node).optional(),
  meshes: list(mesh).optional(),
  skins: list(skin).optional(),
  accessors: list(accessor).optional(),
  bufferViews: list(bufferView).optional(),
  buffers: list(buffer).optional(),
  images: list(z.looseObject({ bufferView: index.optional() })).optional(),
  materials: list(material).optional(),
  textures: z.array(z.unknown()).optional(),
  animations: z.array(z.unknown()).optional(),
})

/** The parts of a glTF document that we read; all others are kept as they are. */
export type GltfDocument = z.infer<typeof gltf>
export type GltfNode = z.infer<typeof node>
export type GltfMesh = z.infer<typeof mesh>
export type GltfSkin = z.infer<typeof skin>
export type GltfPrimitive = z.infer<typeof primitive>
export type GltfAccessor = z.infer<typeof accessor>
export type GltfBufferView = z.infer<typeof bufferView>

/** A binary glTF file, taken apart. */
export interface Glb {
  json: GltfDocument
  /** The binary chunk; empty when there is none. */
  bin: Uint8Array
}

/** Far more than any scene needs: what takes room lies in the binary chunk. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

/**
 * Takes a GLB apart. Throws `MESHY_GLB_INVALID` when the container or its JSON is not what glTF 2.0 says, or when the
 * JSON claims more numbers than the file has bytes for.
 */
export function readGlb(bytes: Uint8Array): Glb {
  assertGlbHeader(bytes.subarray(0, GLB_HEAD_BYTES), bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const jsonEnd = GLB_HEAD_BYTES + view.getUint32(12, true)
  const glb = {
    json: parseDocument(bytes.subarray(GLB_HEAD_BYTES, jsonEnd)),
    bin: readBin(bytes, view, jsonEnd),
  }
  assertBacked(glb, bytes.length, (reason) => {
    throw invalid(reason)
  })
  return glb
}

function parseDocument(bytes: Uint8Array): GltfDocument {
  if (bytes.length > MAX_JSON_BYTES) throw invalid(`its JSON chunk has \`${bytes.length}\` bytes`)
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
