import type { Glb, GltfAccessor } from './gltf.ts'
import { MeshyError } from '../system/errors.ts'

/** The numbers of an accessor, one element after the other. */
export interface Numbers {
  values: Float32Array
  /** Numbers per element. */
  width: number
  count: number
}

interface Component {
  bytes: number
  /** The value with which a normalized integer represents 1. */
  one: number
  read(data: DataView, at: number): number
}

/** What `componentType` says about each number. */
export const COMPONENTS: Readonly<Record<number, Component>> = {
  5120: { bytes: 1, one: 127, read: (data, at) => data.getInt8(at) },
  5121: { bytes: 1, one: 255, read: (data, at) => data.getUint8(at) },
  5122: { bytes: 2, one: 32_767, read: (data, at) => data.getInt16(at, true) },
  5123: { bytes: 2, one: 65_535, read: (data, at) => data.getUint16(at, true) },
  5125: { bytes: 4, one: 4_294_967_295, read: (data, at) => data.getUint32(at, true) },
  5126: { bytes: 4, one: 1, read: (data, at) => data.getFloat32(at, true) },
}
const WIDTHS: Readonly<Record<string, number>> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT4: 16 }

/**
 * The numbers of an accessor, including strided, normalized and sparse ones. Undefined if they are compressed or in
 * another file.
 *
 * @throws {MeshyError} MESHY_GLB_INVALID if they extend beyond the available bytes
 */
export function readNumbers(glb: Glb, accessor: GltfAccessor): Numbers | undefined {
  const { count, bufferView, sparse } = accessor
  const component = COMPONENTS[accessor.componentType]
  const width = WIDTHS[accessor.type]
  if (!component || !width) throw invalidNumbers(`it has numbers of type \`${accessor.type}\``)
  const isZero = bufferView === undefined && sparse !== undefined
  // All zero except for the sparse ones: no bytes back the count.
  if (isZero && count > glb.bin.length)
    throw invalidNumbers('it declares more numbers than its bytes can hold')
  const base = isZero ? new Float32Array(count * width) : readDense(glb, accessor, { component, width })
  if (!base) return undefined
  const values = sparse ? replaceSparse(glb, accessor, base) : base
  if (values && accessor.normalized) normalize(values, component.one)
  return values && { values, width, count }
}

/** Where numbers are stored: fields of an accessor or of its sparse parts. */
interface Place {
  bufferView?: number | undefined
  byteOffset?: number | undefined
  count: number
}

function readDense(
  glb: Glb,
  place: Place,
  { component, width }: { component: Component; width: number },
): Float32Array | undefined {
  const view = place.bufferView === undefined ? undefined : glb.json.bufferViews?.[place.bufferView]
  if (!view || view.buffer !== 0 || isCompressed(view)) return undefined
  const size = width * component.bytes
  const { byteStride: stride = size, byteOffset: start = 0 } = view
  const bytes = glb.bin.subarray(start + (place.byteOffset ?? 0))
  assertBacked(place.count, { size, stride, bytes: bytes.length })
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Float32Array(place.count * width)
  for (let i = 0; i < values.length; i++) {
    values[i] = component.read(data, Math.floor(i / width) * stride + (i % width) * component.bytes)
  }
  return values
}

/** Whatever a file declares must be present. */
function assertBacked(count: number, { size, stride, bytes }: Record<'size' | 'stride' | 'bytes', number>) {
  if (stride < size) throw invalidNumbers(`its stride of \`${stride}\` bytes is shorter than an element`)
  if (count === 0 || stride * (count - 1) + size <= bytes) return
  throw invalidNumbers('its numbers reach past the end of the binary chunk')
}

function isCompressed(view: object): boolean {
  const { extensions } = view as { extensions?: unknown }
  return typeof extensions === 'object' && extensions !== null && Object.keys(extensions).length > 0
}

function replaceSparse(
  glb: Glb,
  { sparse, type, componentType, count }: GltfAccessor,
  values: Float32Array,
): Float32Array | undefined {
  if (!sparse) return values
  const indices = readNumbers(glb, { ...sparse.indices, count: sparse.count, type: 'SCALAR' })
  const others = readNumbers(glb, { ...sparse.values, count: sparse.count, type, componentType })
  if (!indices || !others) return undefined
  const { width } = others
  for (let i = 0; i < sparse.count; i++) {
    const index = indices.values[i] ?? 0
    if (index >= count)
      throw invalidNumbers(`its sparse index \`${index}\` is beyond its \`${count}\` elements`)
    values.set(others.values.subarray(i * width, (i + 1) * width), index * width)
  }
  return values
}

function normalize(values: Float32Array, one: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.max((values[i] ?? 0) / one, -1)
}

/** {@link readNumbers} of an accessor by its index, if only plain numbers will do. */
export function readAccessor(glb: Glb, index: number): Float32Array {
  const accessor = glb.json.accessors?.[index]
  const numbers = accessor && readNumbers(glb, accessor)
  if (numbers) return numbers.values
  throw new MeshyError('MESHY_GLB_INVALID', {
    message: `The numbers of \`accessors[${index}]\` cannot be read: expected plain floats or indices.`,
    hint: 'Export the model again as GLB, without compression.',
  })
}

export function invalidNumbers(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The bounds of the model cannot be determined: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}
