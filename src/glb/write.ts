import type { Vec3 } from './facts.ts'
import { BIN_CHUNK, GLB_MAGIC, JSON_CHUNK } from './validate.ts'

/** An image inside a GLB, embedded as it is. */
export interface GlbImage {
  bytes: Uint8Array
  mime: 'image/png' | 'image/jpeg'
}

/** One metallic-roughness material. Factors multiply the maps, if there are any. */
export interface GlbMaterial {
  /** Linear RGBA; white if absent. */
  color?: [r: number, g: number, b: number, a: number]
  /** @default 0, or 1 with a metallic-roughness map */
  metallic?: number
  /** @default 1 */
  roughness?: number
  colorMap?: GlbImage
  /** Roughness in green, metalness in blue. */
  metallicRoughnessMap?: GlbImage
  normalMap?: GlbImage
  /** Whether the alpha of `colorMap` blends. */
  blend?: boolean
}

/** Triangles with one material. */
export interface GlbPart {
  /** x, y, z of each vertex; +Y is up. */
  positions: Float32Array
  normals: Float32Array
  /** u, v of each vertex. Required if the material has maps. */
  uvs?: Float32Array
  /** Three of them form a triangle, counter-clockwise as seen from outside. */
  indices: ArrayLike<number>
  material?: GlbMaterial
}

/** What {@link writeGlb} writes: one node with one mesh. */
export interface GlbModel {
  name: string
  /** What created the model, for `asset.generator`. */
  generator: string
  /** Kept in `asset.extras`. */
  extras?: Record<string, unknown>
  parts: GlbPart[]
}

/** Writes a GLB. The same model gives the same bytes. */
export function writeGlb(model: GlbModel): Uint8Array {
  const layout = new ByteLayout()
  const materials = new MaterialTable(layout)
  const primitives = model.parts.map((part) => writePart(layout, materials, part))
  const json = {
    asset: { version: '2.0', generator: model.generator, ...(model.extras && { extras: model.extras }) },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ name: model.name, mesh: 0 }],
    meshes: [{ name: model.name, primitives }],
    materials: materials.list,
    ...(materials.textures.length > 0 && {
      textures: materials.textures,
      images: materials.images,
      samplers: [CLAMPED],
    }),
    accessors: layout.accessors,
    bufferViews: layout.views,
    buffers: [{ byteLength: layout.byteLength }],
  }
  return joinChunks(JSON.stringify(json), layout)
}

const LINEAR = 9729
const LINEAR_MIPMAP_LINEAR = 9987
const CLAMP_TO_EDGE = 33_071
const CLAMPED = {
  magFilter: LINEAR,
  minFilter: LINEAR_MIPMAP_LINEAR,
  wrapS: CLAMP_TO_EDGE,
  wrapT: CLAMP_TO_EDGE,
}

function writePart(layout: ByteLayout, materials: MaterialTable, part: GlbPart) {
  const { min, max } = extent(part.positions)
  return {
    attributes: {
      POSITION: layout.addVertices(part.positions, 'VEC3', { min, max }),
      NORMAL: layout.addVertices(part.normals, 'VEC3'),
      ...(part.uvs && { TEXCOORD_0: layout.addVertices(part.uvs, 'VEC2') }),
    },
    indices: layout.addIndices(part.indices, part.positions.length / 3),
    material: materials.add(part.material ?? {}),
  }
}

function extent(positions: Float32Array): { min: Vec3; max: Vec3 } {
  const min: Vec3 = [Infinity, Infinity, Infinity]
  const max: Vec3 = [-Infinity, -Infinity, -Infinity]
  for (let i = 0; i < positions.length; i += 3) {
    for (const axis of [0, 1, 2] as const) {
      const value = positions[i + axis] ?? NaN
      min[axis] = Math.min(min[axis], value)
      max[axis] = Math.max(max[axis], value)
    }
  }
  if (![...min, ...max].every(Number.isFinite)) {
    throw new TypeError('Expected positions of at least one vertex, all of them finite numbers')
  }
  return { min, max }
}

class MaterialTable {
  readonly list: object[] = []
  readonly textures: object[] = []
  readonly images: object[] = []
  readonly #layout: ByteLayout

  constructor(layout: ByteLayout) {
    this.#layout = layout
  }

  /** Returns the index of the new material. */
  add(material: GlbMaterial): number {
    const { colorMap, metallicRoughnessMap, normalMap } = material
    this.list.push({
      pbrMetallicRoughness: {
        ...(material.color && { baseColorFactor: material.color }),
        ...(colorMap && { baseColorTexture: this.#texture(colorMap) }),
        metallicFactor: material.metallic ?? (metallicRoughnessMap ? 1 : 0),
        roughnessFactor: material.roughness ?? 1,
        ...(metallicRoughnessMap && { metallicRoughnessTexture: this.#texture(metallicRoughnessMap) }),
      },
      ...(normalMap && { normalTexture: this.#texture(normalMap) }),
      ...(material.blend && { alphaMode: 'BLEND' }),
    })
    return this.list.length - 1
  }

  #texture(image: GlbImage): { index: number } {
    this.images.push({ bufferView: this.#layout.addBytes(image.bytes), mimeType: image.mime })
    this.textures.push({ sampler: 0, source: this.images.length - 1 })
    return { index: this.textures.length - 1 }
  }
}

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
