import { crc32 } from 'node:zlib'
import type { AssetRole } from './model-maker.ts'
import { readAccessor } from '../glb/numbers.ts'
import { readGlb } from '../glb/read.ts'
import { ByteLayout, joinChunks } from '../glb/write.ts'
import type { GltfPrimitive } from '../glb/gltf.ts'

/** A model in a printing format, if the role is one: only the shape, without material. */
export function solidOf(glb: Uint8Array, role: AssetRole): Uint8Array | undefined {
  if (role === 'stl') return toStl(meshOf(glb))
  return role === '3mf' ? to3mf(meshOf(glb)) : undefined
}

interface Mesh {
  /** x, y, z of each vertex, one after the other. */
  positions: number[]
  /** Three vertices for each triangle. */
  corners: number[]
}

function meshOf(bytes: Uint8Array): Mesh {
  const glb = readGlb(bytes)
  const mesh: Mesh = { positions: [], corners: [] }
  for (const { attributes, indices = -1 } of glb.json.meshes?.[0]?.primitives ?? []) {
    const first = mesh.positions.length / 3
    for (const corner of readAccessor(glb, indices)) mesh.corners.push(first + corner)
    for (const number of readAccessor(glb, attributes.POSITION ?? -1)) mesh.positions.push(number)
  }
  return mesh
}

const HEADER = 84
const TRIANGLE = 50

/** Binary STL. Its normals are zero, which means: derived from the order of the corners. */
function toStl({ positions, corners }: Mesh): Buffer {
  const stl = Buffer.alloc(HEADER + (corners.length / 3) * TRIANGLE)
  stl.write('binary STL of an emulator', 'latin1')
  stl.writeUInt32LE(corners.length / 3, HEADER - 4)
  corners.forEach((corner, index) => {
    const at = HEADER + Math.floor(index / 3) * TRIANGLE + 12 + (index % 3) * 12
    for (const axis of [0, 1, 2]) stl.writeFloatLE(positions[corner * 3 + axis] ?? 0, at + axis * 4)
  })
  return stl
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** The three parts that every 3MF has (3MF Core Specification, chapters 2 to 4). */
function to3mf(mesh: Mesh): Uint8Array {
  return storeZip({
    '[Content_Types].xml':
      `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>',
    '_rels/.rels':
      `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
      '<Relationship Target="/3D/3dmodel.model" Id="rel0" ' +
      'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>',
    '3D/3dmodel.model': modelPart(mesh),
  })
}

function modelPart({ positions, corners }: Mesh): string {
  const vertices = inGroups(positions, 3).map(([x, y, z]) => `<vertex x="${x}" y="${y}" z="${z}"/>`)
  const triangles = inGroups(corners, 3).map(([a, b, c]) => `<triangle v1="${a}" v2="${b}" v3="${c}"/>`)
  return (
    `${XML}<model unit="meter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">` +
    `<resources><object id="1" type="model"><mesh><vertices>${vertices.join('')}</vertices>` +
    `<triangles>${triangles.join('')}</triangles></mesh></object></resources>` +
    '<build><item objectid="1"/></build></model>'
  )
}

export function inGroups(numbers: ArrayLike<number>, size: number): number[][] {
  const all = Array.from(numbers)
  return Array.from({ length: all.length / size }, (_, index) => all.slice(index * size, (index + 1) * size))
}

/** 1980-01-01, the first day that ZIP supports: the same files have the same bytes each time. */
const FIRST_DAY = 0x21
const VERSION = 20

interface Part {
  name: Buffer
  data: Buffer
  /** Where its header is. */
  at: number
}

/** Files in a ZIP, uncompressed (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). */
function storeZip(files: Record<string, string>): Uint8Array {
  const parts: Part[] = []
  const pieces: Buffer[] = []
  let at = 0
  for (const [path, text] of Object.entries(files)) {
    const part = { name: Buffer.from(path), data: Buffer.from(text), at }
    const piece = Buffer.concat([header('PK\x03\x04', part, 30), part.name, part.data])
    parts.push(part)
    pieces.push(piece)
    at += piece.length
  }
  const directory = Buffer.concat(parts.flatMap((part) => [header('PK\x01\x02', part, 46), part.name]))
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...pieces, directory, end])
}

/** Of a file, or of its line in the directory, which has its creator before and its position after the same fields. */
function header(magic: string, { name, data, at }: Part, size: 30 | 46): Buffer {
  const bytes = Buffer.alloc(size)
  const isLine = size === 46
  const fields = isLine ? 6 : 4
  bytes.write(magic, 'latin1')
  if (isLine) bytes.writeUInt16LE(VERSION, 4)
  bytes.writeUInt16LE(VERSION, fields)
  bytes.writeUInt16LE(FIRST_DAY, fields + 8)
  bytes.writeUInt32LE(crc32(data), fields + 10)
  bytes.writeUInt32LE(data.length, fields + 14)
  bytes.writeUInt32LE(data.length, fields + 18)
  bytes.writeUInt16LE(name.length, fields + 22)
  if (isLine) bytes.writeUInt32LE(at, 42)
  return bytes
}

/** The service's figures are in an armature of centimetres, which their inverse bind matrices undo. */
const CENTIMETRE = 0.01
const [UNSIGNED_BYTE, FLOAT] = [5121, 5126]
const ARRAY_BUFFER = 34_962
/** Nodes: the root, the armature, two joints, and the mesh. */
const [ARMATURE, HIPS, SPINE, MESH] = [1, 2, 3, 4]

/**
 * Gives a model of `writeGlb` a skeleton like those of the service's figures: two joints, one for the lower half of the
 * figure, one for the upper half. At rest it looks as before.
 */
export function rigGlb(bytes: Uint8Array): Uint8Array {
  const glb = readGlb(bytes)
  const { nodes: [root] = [], meshes: [mesh] = [], accessors = [], bufferViews = [] } = glb.json
  const positions = (part: GltfPrimitive) => readAccessor(glb, part.attributes.POSITION ?? -1)
  const heights = (mesh?.primitives ?? []).flatMap((part) => heightsOf(positions(part)))
  const [low, high] = extentOf(heights)
  const joints = [low, (low + high) / 2]
  const layout = new ByteLayout()
  layout.addBytes(glb.bin)
  const added: object[] = []
  const add = (accessor: object, data: Uint8Array, target?: number) => {
    const bufferView = bufferViews.length + layout.addBytes(data, target) - 1
    return accessors.length + added.push({ ...accessor, bufferView }) - 1
  }
  const primitives = (mesh?.primitives ?? []).map((part) => {
    const { indices, weights } = weightsOf(heightsOf(positions(part)), joints[1] ?? 0)
    const head = { count: indices.length / 4, type: 'VEC4' }
    const JOINTS_0 = add({ ...head, componentType: UNSIGNED_BYTE }, indices, ARRAY_BUFFER)
    const WEIGHTS_0 = add({ ...head, componentType: FLOAT }, new Uint8Array(weights.buffer), ARRAY_BUFFER)
    Object.assign(part.attributes, { JOINTS_0, WEIGHTS_0 })
    return part
  })
  const binds = new Uint8Array(Float32Array.from(joints.flatMap(inverseBind)).buffer)
  const inverseBindMatrices = add({ componentType: FLOAT, count: joints.length, type: 'MAT4' }, binds)
  const json = {
    ...glb.json,
    nodes: nodesOf(root?.['name'], joints),
    meshes: [{ ...mesh, primitives }],
    skins: [{ name: 'Armature', joints: [HIPS, SPINE], skeleton: HIPS, inverseBindMatrices }],
    accessors: [...accessors, ...added],
    bufferViews: [...bufferViews, ...layout.views.slice(1)],
    buffers: [{ byteLength: layout.byteLength }],
  }
  return joinChunks(JSON.stringify(json), layout)
}

function nodesOf(name: unknown, [hips = 0, spine = 0]: number[]): object[] {
  return [
    { name, children: [ARMATURE] },
    { name: 'Armature', scale: [CENTIMETRE, CENTIMETRE, CENTIMETRE], children: [HIPS, MESH] },
    { name: 'Hips', translation: [0, hips / CENTIMETRE, 0], children: [SPINE] },
    { name: 'Spine', translation: [0, (spine - hips) / CENTIMETRE, 0] },
    { name: 'figure', mesh: 0, skin: 0 },
  ]
}

/** From the model to a joint at this height, column by column. */
function inverseBind(height: number): number[] {
  const s = 1 / CENTIMETRE
  return [s, 0, 0, 0, 0, s, 0, 0, 0, 0, s, 0, 0, -height * s, 0, 1]
}

/** Each vertex is attached to a single joint. */
function weightsOf(heights: readonly number[], middle: number) {
  const indices = new Uint8Array(heights.length * 4)
  const weights = new Float32Array(heights.length * 4)
  heights.forEach((height, vertex) => {
    indices[vertex * 4] = height > middle ? 1 : 0
    weights[vertex * 4] = 1
  })
  return { indices, weights }
}

function heightsOf(positions: ArrayLike<number>): number[] {
  return Array.from({ length: positions.length / 3 }, (_, vertex) => positions[vertex * 3 + 1] ?? 0)
}

/** Not by spreading: a dense model has more vertices than a call can take. */
function extentOf(numbers: readonly number[]): [low: number, high: number] {
  return numbers.reduce<[number, number]>(
    ([low, high], number) => [Math.min(low, number), Math.max(high, number)],
    [Infinity, -Infinity],
  )
}
