import { MeshyError } from '../system/errors.ts'
import type { Glb, GltfAccessor } from './gltf.ts'

export type AccessorValues = Float32Array | Uint16Array | Uint32Array

const ARRAYS = { 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array }
const COMPONENTS: Record<string, number> = { SCALAR: 1, VEC2: 2, VEC3: 3 }

/** Numbers of an accessor, as a copy. Reads what `writeGlb` writes: tightly packed floats and indices. */
export function readAccessor(glb: Glb, index: number): AccessorValues {
  const accessor = glb.json.accessors?.[index]
  const start = accessor && startOf(glb, accessor)
  const Values = ARRAYS[accessor?.componentType as keyof typeof ARRAYS]
  const components = COMPONENTS[accessor?.type ?? '']
  if (!accessor || start === undefined || !Values || !components) throw unreadable(index)
  const end = start + accessor.count * components * Values.BYTES_PER_ELEMENT
  if (end > glb.bin.length) throw unreadable(index)
  return new Values(glb.bin.slice(start, end).buffer)
}

function startOf({ json }: Glb, { bufferView, byteOffset = 0 }: GltfAccessor): number | undefined {
  const view = bufferView === undefined ? undefined : json.bufferViews?.[bufferView]
  if (!view || view.byteStride !== undefined) return undefined
  return (view.byteOffset ?? 0) + byteOffset
}

function unreadable(index: number): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The numbers of \`accessors[${index}]\` cannot be read: expected plain floats or indices.`,
    hint: 'Export the model again as GLB, without compression.',
  })
}
