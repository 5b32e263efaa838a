import { MeshyError } from '../errors.ts'
import type { Facts, Vec3 } from './facts.ts'
import { transform } from './matrix.ts'
import type { Matrix } from './matrix.ts'
import type { Glb, GltfAccessor, GltfBufferView } from './read.ts'

/** The box around everything added so far. */
export class BoundsBuilder {
  readonly #min: Vec3 = [Infinity, Infinity, Infinity]
  readonly #max: Vec3 = [-Infinity, -Infinity, -Infinity]

  add(point: Vec3): void {
    if (!point.every(Number.isFinite)) throw invalid('it has a position that is no finite number')
    for (const axis of [0, 1, 2] as const) {
      this.#min[axis] = Math.min(this.#min[axis], point[axis])
      this.#max[axis] = Math.max(this.#max[axis], point[axis])
    }
  }

  /** All zero when nothing was added: a scene may be empty. */
  finish(): Facts['bounds'] {
    if (this.#min[0] === Infinity) return { min: [0, 0, 0], max: [0, 0, 0], size: [0, 0, 0] }
    const [min, max] = [this.#min, this.#max]
    const size: Vec3 = [max[0] - min[0], max[1] - min[1], max[2] - min[2]]
    return { min: rounded(min), max: rounded(max), size: rounded(size) }
  }
}

/** Adds the positions of one primitive to the box: its corners where the file tells them, else every vertex. */
export function addPositions(bounds: BoundsBuilder, glb: Glb, accessor: GltfAccessor, matrix: Matrix): void {
  const scale = normalizedScale(accessor)
  if (accessor.min && accessor.max) {
    for (const corner of corners(accessor.min, accessor.max)) {
      bounds.add(transform(matrix, scaled(corner, scale)))
    }
    return
  }
  for (const position of readPositions(glb, accessor)) bounds.add(transform(matrix, position))
}

function* corners(min: number[], max: number[]): Generator<Vec3> {
  for (let corner = 0; corner < 8; corner++) {
    const pick = (axis: number) => ((corner >> axis) & 1 ? max[axis] : min[axis]) ?? NaN
    yield [pick(0), pick(1), pick(2)]
  }
}

const FLOAT = 5126
const COMPONENT_MAX: Record<number, number> = { 5120: 127, 5121: 255, 5122: 32_767, 5123: 65_535 }

/** KHR_mesh_quantization: integers that stand for -1…1 or 0…1. */
function normalizedScale(accessor: GltfAccessor): number {
  return accessor.normalized ? 1 / (COMPONENT_MAX[accessor.componentType] ?? 1) : 1
}

function scaled([x, y, z]: Vec3, scale: number): Vec3 {
  return [x * scale, y * scale, z * scale]
}

const VEC3_BYTES = 12

function* readPositions(glb: Glb, accessor: GltfAccessor): Generator<Vec3> {
  const view = plainView(glb, accessor)
  const stride = view.byteStride ?? VEC3_BYTES
  const start = (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0)
  if (start + stride * (accessor.count - 1) + VEC3_BYTES > glb.bin.length) {
    throw invalid('its positions reach past the end of the binary chunk')
  }
  const data = new DataView(glb.bin.buffer, glb.bin.byteOffset, glb.bin.byteLength)
  for (let i = 0; i < accessor.count; i++) {
    const at = start + i * stride
    yield [data.getFloat32(at, true), data.getFloat32(at + 4, true), data.getFloat32(at + 8, true)]
  }
}

/** The bytes of an accessor, if they are neither compressed nor in another file. */
function plainView({ json }: Glb, accessor: GltfAccessor): GltfBufferView {
  const view = accessor.bufferView === undefined ? undefined : json.bufferViews?.[accessor.bufferView]
  const plain = view?.buffer === 0 && !('extensions' in view) && !('sparse' in accessor)
  if (!view || !plain || accessor.componentType !== FLOAT || accessor.type !== 'VEC3') {
    throw invalid('its positions have neither `min` and `max` nor plain numbers to read')
  }
  return view
}

/** Seven digits are all that a float of 32 bits holds; more would be noise in a committed file. */
function rounded(vector: Vec3): Vec3 {
  const [x, y, z] = vector.map((value) => Number(value.toPrecision(7)) + 0)
  return [x ?? 0, y ?? 0, z ?? 0]
}

function invalid(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The bounds of the model cannot be told: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}
