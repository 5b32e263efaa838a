import { gltf } from './gltf.ts'
import type { Glb, GltfDocument, GltfAccessor, GltfBufferView, GltfPrimitive } from './gltf.ts'
import { assertGlbHeader, BIN_CHUNK, GLB_HEAD_BYTES, refuse } from './validate.ts'
import { COMPONENTS } from './numbers.ts'

/** Far more than any scene needs: large data is in the binary chunk. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

/**
 * Parses a GLB. Throws `MESHY_GLB_INVALID` if the container or its JSON violates glTF 2.0, or if the JSON declares more
 * numbers than the file has bytes for.
 */
export function readGlb(bytes: Uint8Array): Glb {
  assertGlbHeader(bytes.subarray(0, GLB_HEAD_BYTES), bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const jsonEnd = GLB_HEAD_BYTES + view.getUint32(12, true)
  const json = parseDocument(bytes.subarray(GLB_HEAD_BYTES, jsonEnd))
  const glb = { json, bin: embeddedBytes(json) ?? readBin(bytes, view, jsonEnd) }
  assertBacked(glb, bytes.length)
  return glb
}

function parseDocument(bytes: Uint8Array): GltfDocument {
  if (bytes.length > MAX_JSON_BYTES) refuse(`its JSON chunk has \`${bytes.length}\` bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    return refuse('its JSON chunk cannot be parsed', { cause })
  }
  const result = gltf.safeParse(parsed)
  if (result.success) return result.data
  const [issue] = result.error.issues
  return refuse(`\`${issue?.path.join('.')}\` of its JSON is wrong: ${issue?.message}`, {
    cause: result.error,
  })
}

const DATA_URI = /^data:[^,]*;base64,/

/** The first buffer is the binary chunk, unless the JSON contains its bytes. */
function embeddedBytes({ buffers }: GltfDocument): Uint8Array | undefined {
  const uri = buffers?.[0]?.uri ?? ''
  const [start] = DATA_URI.exec(uri) ?? []
  return start === undefined ? undefined : new Uint8Array(Buffer.from(uri.slice(start.length), 'base64'))
}

function readBin(bytes: Uint8Array, view: DataView, offset: number): Uint8Array {
  if (offset + 8 > bytes.length) return new Uint8Array()
  const length = view.getUint32(offset, true)
  if (view.getUint32(offset + 4, true) !== BIN_CHUNK) return new Uint8Array()
  if (offset + 8 + length > bytes.length) refuse(`its binary chunk of \`${length}\` bytes does not fit`)
  return bytes.subarray(offset + 8, offset + 8 + length)
}

/** Components per element; matrices may also have padding. */
const WIDTHS: Record<string, number> = {
  SCALAR: 1,
  VEC2: 2,
  VEC3: 3,
  VEC4: 4,
  MAT2: 4,
  MAT3: 9,
  MAT4: 16,
}

/**
 * The most that mesh decoders produce from one byte: EXT_meshopt_compression needs one byte for each 256 elements of
 * four bytes that do not change. Draco needs far more.
 */
const MAX_EXPANSION = 1024

/**
 * Checks the numbers of a document against the bytes that could back them. Everything that is counted, allocated or
 * iterated over later is bounded by the size of the file.
 */
function assertBacked({ json, bin }: Glb, fileBytes: number): void {
  const views = (json.bufferViews ?? []).map((view, index) => {
    const room = roomOf(json, bin, view.buffer) ?? refuse(`\`buffers[${view.buffer}]\` is not in the file`)
    return (
      viewBytes(view, room, bin) ?? refuse(`\`bufferViews[${index}]\` reaches past the end of its buffer`)
    )
  })
  for (const [index, image] of (json.images ?? []).entries()) {
    const isThere = image.bufferView === undefined || views[image.bufferView] !== undefined
    if (!isThere)
      refuse(`\`images[${index}]\` names \`bufferViews[${image.bufferView}]\`, which does not exist`)
  }
  assertAccessors({ json, bin }, { views, fileBytes })
}

interface Backing {
  /** Bytes of each buffer view, decoded. */
  views: number[]
  fileBytes: number
}

function assertAccessors({ json }: Glb, backing: Backing): void {
  const { views, fileBytes } = backing
  const accessors = json.accessors ?? []
  const draco = dracoBytes(json)
  const counts = accessors.map((accessor, index) => {
    const isPlain = accessor.bufferView !== undefined
    const compressed = draco.get(index)
    if (!isPlain && compressed === undefined) return 0
    const isBacked = isPlain
      ? isWithin(json.bufferViews, accessor, views)
      : accessor.count <= (compressed ?? 0) * MAX_EXPANSION
    return isBacked ? accessor.count : refuse(unbacked(index, accessor))
  })
  // Zeros need no bytes, for example in morph targets of which few vertices move.
  const mostZeros = counts.reduce((most, count) => Math.max(most, count), fileBytes)
  for (const [index, accessor] of accessors.entries()) {
    if (accessor.count > mostZeros) refuse(unbacked(index, accessor))
    if (accessor.sparse) assertSparse(json.bufferViews, { accessor, index }, backing)
  }
}

function unbacked(index: number, { count, type }: GltfAccessor): string {
  return `\`accessors[${index}]\` declares \`${count}\` of \`${type}\`, but has too few bytes for them`
}

type Views = GltfBufferView[] | undefined
type Elements = Pick<GltfAccessor, 'bufferView' | 'byteOffset' | 'componentType' | 'type' | 'count'>

/** Whether all elements lie within their view. */
function isWithin(bufferViews: Views, elements: Elements, views: number[]): boolean {
  const { bufferView = -1, byteOffset = 0, count } = elements
  const room = views[bufferView]
  const size = sizeOf(elements)
  const stride = bufferViews?.[bufferView]?.byteStride ?? size
  if (room === undefined || Number.isNaN(size) || stride < size) return false
  return count === 0 || byteOffset + stride * (count - 1) + size <= room
}

/** The bytes of one element; NaN for a type that there is not. */
function sizeOf({ type, componentType }: Elements): number {
  return (WIDTHS[type] ?? NaN) * (COMPONENTS[componentType]?.bytes ?? NaN)
}

function assertSparse(
  bufferViews: Views,
  { accessor, index }: { accessor: GltfAccessor; index: number },
  { views }: Backing,
): void {
  const { sparse, count, type, componentType } = accessor
  if (!sparse) return
  const indices = { ...sparse.indices, type: 'SCALAR', count: sparse.count }
  const values = { ...sparse.values, type, componentType, count: sparse.count }
  const isBacked = [indices, values].every((elements) => isWithin(bufferViews, elements, views))
  if (sparse.count > count || !isBacked) {
    refuse(
      `\`accessors[${index}].sparse\` declares \`${sparse.count}\` values, but has too few bytes for them`,
    )
  }
}

/** The decoded bytes of a view; undefined if they are not all there. */
function viewBytes(view: GltfBufferView, room: number, bin: Uint8Array): number | undefined {
  const { byteOffset = 0, byteLength, extensions } = view
  const packed = extensions?.EXT_meshopt_compression ?? extensions?.KHR_meshopt_compression
  if (!packed) return byteOffset + byteLength <= room ? byteLength : undefined
  const isThere = packed.buffer === 0 && (packed.byteOffset ?? 0) + packed.byteLength <= bin.length
  const mostBytes = packed.byteLength * MAX_EXPANSION
  const decoded = packed.count * packed.byteStride
  return isThere && byteLength <= mostBytes && decoded <= mostBytes ? byteLength : undefined
}

/** The number of bytes in a buffer; undefined if the buffer is not in the file. */
function roomOf({ buffers }: Glb['json'], bin: Uint8Array, index: number): number | undefined {
  const { uri, extensions } = buffers?.[index] ?? {}
  // It has none until the compressed views are decoded into it.
  if (extensions?.EXT_meshopt_compression ?? extensions?.KHR_meshopt_compression) return 0
  if (uri === undefined) return index === 0 ? bin.length : undefined
  return uri.startsWith('data:') ? uri.length : undefined
}

/** The bytes that Draco produced for an accessor's numbers, by its index. */
function dracoBytes({ meshes = [], bufferViews }: Glb['json']): Map<number, number> {
  const found = new Map<number, number>()
  for (const primitive of meshes.flatMap(({ primitives }) => primitives)) {
    const view = bufferViews?.[primitive.extensions?.KHR_draco_mesh_compression?.bufferView ?? -1]
    if (!view || view.extensions) continue
    for (const index of accessorsOf(primitive)) found.set(index, view.byteLength)
  }
  return found
}

function accessorsOf({ attributes, indices }: GltfPrimitive): number[] {
  return [...Object.values(attributes), ...(indices === undefined ? [] : [indices])]
}
