import type { Document, GLTF, NodeIO, mat4, vec3, vec4 } from '@gltf-transform/core'
import { cross, unit, type Vec } from './simplify/vectors.ts'
import { GLB_HEAD_BYTES } from '../glb/validate.ts'
import type { Tools } from './libraries.ts'

/** Reads a GLB as viewers do, where glTF-Transform would read it in another way. */
export async function readModel(
  glb: Uint8Array,
  { io, tools }: { io: NodeIO; tools: Tools },
): Promise<Document> {
  const source = await io.binaryToJSON(aligned(glb))
  const { bufferViews = [], nodes = [] }: GLTF.IGLTF = source.json
  // Means tightly packed; otherwise, every element would be the first one.
  for (const view of bufferViews) if (view.byteStride === 0) delete view.byteStride
  for (const node of nodes) splitFlatMatrix(node, tools)
  return io.readJSON(source)
}

/** Fills up a JSON chunk of odd length. Viewers do not mind, but glTF-Transform looks for the next chunk behind it. */
function aligned(glb: Uint8Array): Uint8Array {
  const view = new DataView(glb.buffer, glb.byteOffset, glb.byteLength)
  const jsonEnd = GLB_HEAD_BYTES + view.getUint32(12, true)
  const missing = -jsonEnd & 3
  if (missing === 0) return glb
  const filled = new Uint8Array(glb.length + missing).fill(SPACE)
  filled.set(glb.subarray(0, jsonEnd))
  filled.set(glb.subarray(jsonEnd), jsonEnd + missing)
  const header = new DataView(filled.buffer)
  header.setUint32(8, filled.length, true)
  header.setUint32(12, jsonEnd - GLB_HEAD_BYTES + missing, true)
  return filled
}

const SPACE = 0x20

/** Replaces a matrix that scales to nothing or to a plane: it only has a rotation once it is completed. */
function splitFlatMatrix(node: GLTF.INode, { core }: Tools): void {
  const { matrix } = node
  const columns = [0, 4, 8].map((at) => matrix?.slice(at, at + 3) ?? [])
  const isZero = columns.map((column) => column.every((value) => value === 0))
  if (!matrix || !isZero.includes(true)) return
  const [translation, rotation, scale]: [vec3, vec4, vec3] = [
    [0, 0, 0],
    [0, 0, 0, 1],
    [1, 1, 1],
  ]
  const [x = [], y = [], z = []] = completed(columns)
  const full = [...x, 0, ...y, 0, ...z, 0, ...matrix.slice(12)]
  core.MathUtils.decompose(full as unknown as mat4, translation, rotation, scale)
  delete node.matrix
  Object.assign(node, {
    translation,
    rotation,
    scale: scale.map((value, axis) => (isZero[axis] ? 0 : value)),
  })
}

const AXES: readonly Vec[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]

/** The columns of a rotation, of any size: those that are zero are replaced by perpendicular ones. */
function completed(columns: readonly Vec[]): readonly Vec[] {
  const found = columns.map((column) => (Math.hypot(...column) > 0 ? unit(column) : undefined))
  if (found.every((column) => !column)) return AXES
  for (const axis of [0, 1, 2]) {
    const [next, after] = [found[(axis + 1) % 3], found[(axis + 2) % 3]]
    found[axis] ??= next && after ? cross(next, after) : perpendicular(next ?? after ?? [])
  }
  return columns.map((column, axis) => (Math.hypot(...column) > 0 ? column : (found[axis] ?? column)))
}

function perpendicular(column: Vec): Vec {
  const sizes = column.map(Math.abs)
  return unit(cross(column, AXES[sizes.indexOf(Math.min(...sizes))] ?? column))
}
