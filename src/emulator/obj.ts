import { readAccessor } from '../glb/numbers.ts'
import { readGlb } from '../glb/read.ts'
import type { Glb, GltfPrimitive } from '../glb/gltf.ts'

/** The names of the files beside the OBJ. */
interface ObjNames {
  mtl: string
  /** The base color map, for the materials that have one. */
  texture: string
}

/** A model as text: Wavefront OBJ, and its materials. */
interface ObjFiles {
  obj: string
  mtl: string
}

/**
 * Converts a GLB that `writeGlb` wrote to OBJ and MTL.
 *
 * Throws `MESHY_GLB_INVALID` if the file is broken or compressed.
 */
export function glbToObj(bytes: Uint8Array, names: ObjNames): ObjFiles {
  const glb = readGlb(bytes)
  const primitives = glb.json.meshes?.[0]?.primitives ?? []
  const lines = [`mtllib ${names.mtl}`, 'o model']
  // Indices count from 1 and continue through the whole file, separately for each kind of line.
  const first = { vertex: 1, uv: 1 }
  for (const [index, primitive] of primitives.entries()) addPart(lines, glb, { primitive, index, first })
  const mtl = primitives.flatMap((primitive, index) => materialLines(glb, primitive, index, names.texture))
  return { obj: `${lines.join('\n')}\n`, mtl: `${mtl.join('\n')}\n` }
}

interface Part {
  primitive: GltfPrimitive
  index: number
  first: { vertex: number; uv: number }
}

function addPart(lines: string[], glb: Glb, { primitive, index, first }: Part): void {
  const { POSITION = -1, NORMAL = -1, TEXCOORD_0 } = primitive.attributes
  const positions = readAccessor(glb, POSITION)
  const uvs = TEXCOORD_0 === undefined ? [] : readAccessor(glb, TEXCOORD_0)
  addVectors(lines, 'v', positions)
  addUvs(lines, uvs)
  addVectors(lines, 'vn', readAccessor(glb, NORMAL))
  lines.push(`usemtl material_${index}`)
  const textured = uvs.length > 0
  addFaces(lines, readAccessor(glb, primitive.indices ?? -1), (corner) => {
    const vertex = first.vertex + corner
    return textured ? `${vertex}/${first.uv + corner}/${vertex}` : `${vertex}//${vertex}`
  })
  first.vertex += positions.length / 3
  first.uv += uvs.length / 2
}

function addVectors(lines: string[], keyword: string, values: Float32Array): void {
  for (let i = 0; i < values.length; i += 3) {
    lines.push(`${keyword} ${short(values[i])} ${short(values[i + 1])} ${short(values[i + 2])}`)
  }
}

/** An image starts at its top in glTF, and at its bottom in OBJ. */
function addUvs(lines: string[], uvs: ArrayLike<number>): void {
  for (let i = 0; i < uvs.length; i += 2) lines.push(`vt ${short(uvs[i])} ${short(1 - (uvs[i + 1] ?? 0))}`)
}

function addFaces(lines: string[], indices: Float32Array, nameCorner: (corner: number) => string): void {
  for (let i = 0; i < indices.length; i += 3) {
    const corners = indices.subarray(i, i + 3)
    lines.push(`f ${Array.from(corners, nameCorner).join(' ')}`)
  }
}

function materialLines(glb: Glb, primitive: GltfPrimitive, index: number, texture: string): string[] {
  const { color, textured } = readMaterial(glb, primitive)
  const lines = [`newmtl material_${index}`, `Kd ${color.map(short).join(' ')}`, 'illum 1']
  return textured ? [...lines, `map_Kd ${texture}`] : lines
}

function readMaterial({ json }: Glb, primitive: GltfPrimitive): { color: number[]; textured: boolean } {
  const { pbrMetallicRoughness: pbr = {} } = json.materials?.[primitive.material ?? -1] ?? {}
  return {
    color: (pbr.baseColorFactor ?? [1, 1, 1]).slice(0, 3),
    textured: pbr.baseColorTexture !== undefined,
  }
}

function short(value = 0): string {
  return String(Number(value.toFixed(6)))
}
