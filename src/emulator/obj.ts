import { readAccessor } from '../glb/numbers.ts'
import { readGlb } from '../glb/read.ts'
import type { GltfPrimitive, Glb } from '../glb/gltf.ts'
import { inGroups } from './glb-variants.ts'

/** The names of the files beside the OBJ. */
interface ObjNames {
  mtl: string
  /** The base color map, for the materials that have one. */
  texture: string
}

/**
 * Converts a GLB that `writeGlb` wrote to Wavefront OBJ, and to its materials.
 *
 * Throws `MESHY_GLB_INVALID` if the file is broken or compressed.
 */
export function glbToObj(bytes: Uint8Array, names: ObjNames): { obj: string; mtl: string } {
  const glb = readGlb(bytes)
  const primitives = glb.json.meshes?.[0]?.primitives ?? []
  // Indices count from 1 and continue through the whole file, separately for each kind of line.
  const first = { vertex: 1, uv: 1 }
  const parts = primitives.flatMap((primitive, index) => partLines(glb, primitive, { index, first }))
  const materials = primitives.flatMap((primitive, index) =>
    materialLines(glb, primitive, { index, texture: names.texture }),
  )
  return {
    obj: [`mtllib ${names.mtl}`, 'o model', ...parts, ''].join('\n'),
    mtl: [...materials, ''].join('\n'),
  }
}

function partLines(
  glb: Glb,
  { attributes, indices = -1 }: GltfPrimitive,
  { index, first }: { index: number; first: { vertex: number; uv: number } },
): string[] {
  const { POSITION = -1, NORMAL = -1, TEXCOORD_0 } = attributes
  const positions = readAccessor(glb, POSITION)
  const uvs = TEXCOORD_0 === undefined ? [] : readAccessor(glb, TEXCOORD_0)
  // An image starts at its top in glTF, and at its bottom in OBJ.
  const turned = Array.from(uvs, (value, i) => (i % 2 === 0 ? value : 1 - value))
  const { vertex, uv } = first
  const cornerOf = (at: number) => `${vertex + at}/${uvs.length > 0 ? uv + at : ''}/${vertex + at}`
  first.vertex += positions.length / 3
  first.uv += uvs.length / 2
  return [
    ...vectorLines('v', positions, 3),
    ...vectorLines('vt', turned, 2),
    ...vectorLines('vn', readAccessor(glb, NORMAL), 3),
    `usemtl material_${index}`,
    ...inGroups(readAccessor(glb, indices), 3).map((corners) => `f ${corners.map(cornerOf).join(' ')}`),
  ]
}

function vectorLines(keyword: string, numbers: ArrayLike<number>, size: number): string[] {
  return inGroups(numbers, size).map((vector) => `${keyword} ${vector.map(short).join(' ')}`)
}

function materialLines(
  { json }: Glb,
  primitive: GltfPrimitive,
  { index, texture }: { index: number; texture: string },
): string[] {
  const { pbrMetallicRoughness: pbr = {} } = json.materials?.[primitive.material ?? -1] ?? {}
  const color = (pbr.baseColorFactor ?? [1, 1, 1]).slice(0, 3)
  const lines = [`newmtl material_${index}`, `Kd ${color.map(short).join(' ')}`, 'illum 1']
  return pbr.baseColorTexture === undefined ? lines : [...lines, `map_Kd ${texture}`]
}

function short(value: number): string {
  return String(Number(value.toFixed(6)))
}
