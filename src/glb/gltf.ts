import { z } from 'zod'

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
  // Some exporters write 0 for tightly packed data, and viewers read it that way.
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

/** The parts of the JSON of a glTF file that we read (glTF 2.0, §5). */
export const gltf = z.looseObject({
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

/** The parts of a glTF document that we read; all others are kept unchanged. */
export type GltfDocument = z.infer<typeof gltf>
export type GltfNode = z.infer<typeof node>
export type GltfMesh = z.infer<typeof mesh>
export type GltfSkin = z.infer<typeof skin>
export type GltfPrimitive = z.infer<typeof primitive>
export type GltfAccessor = z.infer<typeof accessor>
export type GltfBufferView = z.infer<typeof bufferView>

/** The parts of a binary glTF file. */
export interface Glb {
  json: GltfDocument
  /** The binary chunk; empty if there is none. */
  bin: Uint8Array
}

/**
 * An array whose first invalid item stops the parsing. `z.array` reports each one, and a file of a few megabytes can
 * have more of them than fit into memory.
 */
export function list<Item extends z.ZodType>(item: Item) {
  return z
    .array(z.unknown())
    .transform(
      (values, context) => readAll(item, values.entries(), context)?.map(([, read]) => read) ?? z.NEVER,
    )
}

/** {@link list} for the fields of an object. */
export function fields<Item extends z.ZodType>(item: Item) {
  return z.record(z.string(), z.unknown()).transform((values, context) => {
    const all = readAll(item, Object.entries(values), context)
    return all ? Object.fromEntries(all) : z.NEVER
  })
}

function readAll<Item extends z.ZodType, Name extends string | number>(
  item: Item,
  values: Iterable<[Name, unknown]>,
  context: z.RefinementCtx,
): [Name, z.output<Item>][] | undefined {
  const items: [Name, z.output<Item>][] = []
  for (const [name, value] of values) {
    const { success, data, error } = item.safeParse(value)
    if (success) items.push([name, data])
    else {
      const [issue] = error.issues
      const message = issue?.message ?? error.message
      context.addIssue({ code: 'custom', path: [name, ...(issue?.path ?? [])], message })
      return undefined
    }
  }
  return items
}
