import { BIN_CHUNK, GLB_MAGIC, JSON_CHUNK } from './validate.ts'

const ARRAY_BUFFER = 34_962
const ELEMENT_ARRAY_BUFFER = 34_963
const UNSIGNED_SHORT = 5123
const UNSIGNED_INT = 5125
const FLOAT = 5126

/** Some hardware treats the last 16-bit index as "restart", so it cannot be a vertex. */
const MAX_SHORT_VERTICES = 65_535

/** A layout of the binary chunk: what lies where, each piece aligned to four bytes. */
export class ByteLayout {
  readonly views: object[] = []
  readonly accessors: object[] = []
  readonly #pieces: { offset: number; bytes: Uint8Array }[] = []
  #end = 0

  get byteLength(): number {
    return this.#end
  }

  /** Returns the index of the new accessor. */
  addVertices(
    values: Float32Array,
    type: 'VEC2' | 'VEC3',
    range: { min?: number[]; max?: number[] } = {},
  ): number {
    const bufferView = this.addBytes(bytesOf(values), ARRAY_BUFFER)
    const count = values.length / (type === 'VEC2' ? 2 : 3)
    return this.accessors.push({ bufferView, componentType: FLOAT, count, type, ...range }) - 1
  }

  /** Returns the index of the new accessor. */
  addIndices(indices: ArrayLike<number>, vertices: number): number {
    const short = vertices <= MAX_SHORT_VERTICES
    const values = short ? Uint16Array.from(indices) : Uint32Array.from(indices)
    const bufferView = this.addBytes(bytesOf(values), ELEMENT_ARRAY_BUFFER)
    const componentType = short ? UNSIGNED_SHORT : UNSIGNED_INT
    return this.accessors.push({ bufferView, componentType, count: values.length, type: 'SCALAR' }) - 1
  }

  /** Returns the index of the new buffer view. */
  addBytes(bytes: Uint8Array, target?: number): number {
    const offset = this.#end
    this.#pieces.push({ offset, bytes })
    this.#end = aligned(offset + bytes.length)
    return (
      this.views.push({
        buffer: 0,
        byteOffset: offset,
        byteLength: bytes.length,
        ...(target && { target }),
      }) - 1
    )
  }

  /** Copies everything to its place. `start` is where the chunk's data begins. */
  copyTo(target: Uint8Array, start: number): void {
    for (const { offset, bytes } of this.#pieces) target.set(bytes, start + offset)
  }
}

/** The next multiple of four. */
export function aligned(length: number): number {
  return Math.ceil(length / 4) * 4
}

/** glTF is little-endian, like every platform on which Node runs bundlers. */
function bytesOf(values: Float32Array | Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

const SPACE = 0x20

/** Puts header, JSON chunk and binary chunk together (glTF 2.0, section 4.4). */
export function joinChunks(json: string, layout: ByteLayout): Uint8Array {
  const text = new TextEncoder().encode(json)
  const jsonLength = aligned(text.length)
  const binStart = 20 + jsonLength
  const glb = new Uint8Array(binStart + 8 + layout.byteLength)
  const view = new DataView(glb.buffer)
  const header = [GLB_MAGIC, 2, glb.length, jsonLength, JSON_CHUNK]
  header.forEach((value, index) => view.setUint32(index * 4, value, true))
  glb.fill(SPACE, 20, binStart)
  glb.set(text, 20)
  view.setUint32(binStart, layout.byteLength, true)
  view.setUint32(binStart + 4, BIN_CHUNK, true)
  layout.copyTo(glb, binStart + 8)
  return glb
}
