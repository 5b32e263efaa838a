import type { Document, Primitive, Material, Texture } from '@gltf-transform/core'
import type { Atlas, Mesh } from 'watlas'
import { need, type Tools } from '../libraries.ts'
import { eachTexel, type Corner, createPainter, openPainting, writePainting, type Pair } from './paint.ts'
import { TriangleTree } from './nearest-triangle.ts'
import { cornersOf, faceOf, placeIn, readPatch, writeTangents, type Patch } from './patch.ts'
import { spread, mapAttributes } from '../simplify/vertices.ts'
import { vertexAt, extentsOf } from '../simplify/vectors.ts'
import type { Surface } from '../simplify/surface.ts'
import { primitivesOf, isReadable } from '../steps/prepare.ts'

/** Of this many texels in a row, one is looked up among all triangles; the others are mostly in the same one. */
const STRIDE = 4

/**
 * Lays out the triangles of a sheet again, and paints its textures accordingly: each texel shows what the source shows
 * at the place that is nearest to it.
 */
export async function bake(document: Document, sheet: Sheet, tools: Tools): Promise<void> {
  const sides = sheet.textures.flatMap((texture) => texture.getSize() ?? [])
  const side = Math.max(1, ...sides)
  await layOut(document, sheet, side, tools)
  const paintings = await Promise.all(sheet.textures.map((texture) => openPainting(texture, side, tools)))
  const paint = createPainter(paintings)
  for (const { primitive, source, hasTangents } of sheet.parts) {
    const target = readPatch(primitive)
    paintPatch({ source, target }, side, paint)
    if (hasTangents) writeTangents(document, primitive, target)
  }
  for (const painting of paintings) await writePainting(painting, tools)
}

function paintPatch(
  { source, target }: Pick<Pair, 'source' | 'target'>,
  side: number,
  paint: (texel: number, pair: Pair) => void,
): void {
  const tree = new TriangleTree(source)
  for (let triangle = 0; triangle < target.indices.length / 3; triangle++) {
    const facing = faceOf(target, triangle)
    const at = blender(target, triangle)
    let hint: number | undefined
    eachTexel(side, placesOf(target, triangle), (texel, weights) => {
      const there = tree.find({ place: at(weights), facing }, { hint, isEnough: texel % STRIDE > 0 })
      hint = there.triangle
      paint(texel, { source, target, there, here: { triangle, weights } })
    })
  }
}

/** Removes the data about how textures are laid out, so that vertices that were only separated by it can merge. */
export function forgetLayout({ parts }: Sheet, { functions }: Tools): void {
  for (const { primitive } of parts) {
    primitive.setAttribute('TEXCOORD_0', null).setAttribute('TANGENT', null)
    functions.weldPrimitive(primitive)
  }
}

/** Computes where in space a place of a triangle is. */
function blender(patch: Patch, triangle: number): (weights: readonly number[]) => number[] {
  const [a = [], b = [], c = []] = cornersOf(patch, triangle).map((vertex) =>
    vertexAt(patch.positions, vertex),
  )
  return ([s = 0, t = 0, r = 0]) =>
    a.map((value, axis) => value * s + (b[axis] ?? 0) * t + (c[axis] ?? 0) * r)
}

function placesOf(patch: Patch, triangle: number): [Corner, Corner, Corner] {
  const [a = 0, b = 0, c = 0] = cornersOf(patch, triangle)
  return [placeIn(patch, a), placeIn(patch, b), placeIn(patch, c)]
}

/** The minimum distance between pieces, in texels for each thousand of a side. */
const PADDING = 4

/** Lays out the triangles of a sheet's primitives again, so that none overlaps another. */
async function layOut(document: Document, sheet: Sheet, side: number, tools: Tools): Promise<void> {
  const watlas = need(tools, 'watlas')
  const atlas = new watlas.Atlas()
  try {
    for (const part of sheet.parts) addMesh(atlas, part)
    const padding = Math.max(2, Math.round((PADDING * side) / 1000))
    atlas.generate({}, { padding, resolution: side, bilinear: true })
    sheet.parts.forEach(({ primitive }, i) =>
      writeMesh(document, primitive, { atlas, mesh: atlas.getMesh(i) }),
    )
  } finally {
    atlas.delete()
  }
}

function addMesh(atlas: Atlas, { primitive, scale }: Sheet['parts'][number]): void {
  const positions = primitive.getAttribute('POSITION')
  const count = positions?.getCount() ?? 0
  const values = new Float32Array(count * 3)
  for (let i = 0; i < count; i++) {
    values.set(positions?.getElement(i, []).map((value) => value * scale) ?? [], i * 3)
  }
  const indices = primitive.getIndices()?.getArray()
  atlas.addMesh({
    vertexCount: count,
    vertexPositionData: values,
    vertexPositionStride: 12,
    indexData: Uint32Array.from(indices ?? []),
    indexCount: indices?.length ?? 0,
  })
}

/** Vertices at the edge of a piece exist once for each piece. */
function writeMesh(
  document: Document,
  primitive: Primitive,
  { atlas, mesh }: { atlas: Atlas; mesh: Mesh },
): void {
  const vertices = Array.from({ length: mesh.vertexCount }, (_, i) => mesh.getVertex(i))
  const like = vertices.map(({ xref }) => xref)
  mapAttributes(primitive, (source) => spread(source, like))
  const places = vertices.flatMap(({ uv: [u, v] }) => [u / atlas.width, v / atlas.height])
  const indices = new Uint32Array(mesh.indexCount)
  mesh.getIndexArray(indices)
  const buffer = primitive.getAttribute('POSITION')?.getBuffer() ?? null
  const accessor = () => document.createAccessor().setBuffer(buffer)
  primitive.setAttribute('TEXCOORD_0', accessor().setType('VEC2').setArray(new Float32Array(places)))
  primitive.setIndices(accessor().setType('SCALAR').setArray(indices))
}

/** Textures that share one layout, and what is laid out in it. */
interface Sheet {
  textures: Texture[]
  parts: SheetPart[]
}

interface SheetPart {
  primitive: Primitive
  /** What it was before. */
  source: Patch
  /** The size of one of its units in metres. */
  scale: number
  hasTangents: boolean
}

/** A primitive that shows much of a texture twice would show it blurred. Mirrored halves are fine. */
const MOST_SHARED = 2
const ANISOTROPY = 'anisotropyTexture'

/** What has to be laid out again; undefined if something that a texture shows cannot be. */
export function sheetsOf(document: Document, surface: Surface, tools: Tools): Sheet[] | undefined {
  const groups = groupMaterials(document)
  const sheets = groups.map(({ textures, materials }) => ({
    textures,
    parts: primitivesOf(document)
      .filter((primitive) => materials.has(primitive.getMaterial()))
      .map((primitive) => partOf(surface, primitive)),
  }))
  const isFit = ({ textures, parts }: Sheet) =>
    textures.every((texture) => isPlain(texture, tools)) && parts.every((part) => isLaidOut(surface, part))
  const used = sheets.filter(({ parts }) => parts.length > 0)
  // Variants show the same triangles with other materials.
  return used.every(isFit) && !document.hasExtension('KHR_materials_variants') ? used : undefined
}

/** Materials that share a texture share the whole layout. */
function groupMaterials(document: Document) {
  const groups: { textures: Texture[]; materials: Set<Material | null> }[] = []
  for (const texture of document.getRoot().listTextures()) {
    const materials = materialsOf(document, texture)
    const met = groups.filter((group) => materials.some((material) => group.materials.has(material)))
    const [first = { textures: [], materials: new Set() }, ...others] = met
    if (met.length === 0) groups.push(first)
    first.textures.push(texture, ...others.flatMap(({ textures }) => textures))
    for (const material of [...materials, ...others.flatMap((group) => [...group.materials])]) {
      first.materials.add(material)
    }
    for (const other of others) groups.splice(groups.indexOf(other), 1)
  }
  return groups.filter(({ materials }) => materials.size > 0)
}

/** A texture belongs to a material, or to an extension of one. */
function materialsOf(document: Document, texture: Texture): Material[] {
  const parents = texture.listParents()
  return document
    .getRoot()
    .listMaterials()
    .filter(
      (material) =>
        parents.includes(material) ||
        material.listExtensions().some((extension) => parents.includes(extension)),
    )
}

function isPlain(texture: Texture, { functions }: Tools): boolean {
  const infos = functions.listTextureInfo(texture)
  const isMoved = infos.some((info) => info.getTexCoord() !== 0 || info.listExtensions().length > 0)
  const slots = functions.listTextureSlots(texture)
  return isReadable(texture) && !isMoved && !slots.includes(ANISOTROPY)
}

function partOf(surface: Surface, primitive: Primitive): SheetPart {
  const source = readPatch(primitive)
  return {
    primitive,
    source,
    scale: scaleOf(surface, { primitive, source }),
    hasTangents: primitive.getAttribute('TANGENT') !== null,
  }
}

/** By the first side of a triangle that has a length. */
function scaleOf(
  { parts, positions }: Surface,
  { primitive, source }: Pick<SheetPart, 'primitive' | 'source'>,
) {
  const part = parts.find((one) => one.primitive === primitive)
  if (!part) return 1
  const sizeOf = (vertices: Float32Array) => Math.hypot(...extentsOf(vertices))
  return sizeOf(positions.subarray(part.start * 3, part.end * 3)) / (sizeOf(source.positions) || 1)
}

/** Its triangles are visible, and each of them has a place of its own. */
function isLaidOut({ parts }: Surface, { primitive, source }: SheetPart): boolean {
  if (!parts.some((part) => part.primitive === primitive) || !primitive.getAttribute('TEXCOORD_0'))
    return false
  return areaOf(source) <= MOST_SHARED
}

/** As a fraction of the texture. */
function areaOf(patch: Patch): number {
  let sum = 0
  for (let triangle = 0; triangle < patch.indices.length / 3; triangle++) {
    const [a = [0, 0], b = a, c = a] = cornersOf(patch, triangle).map((vertex) => placeIn(patch, vertex))
    sum += Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2
  }
  return sum
}
