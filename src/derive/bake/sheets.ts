import type { Document, Material, Primitive, Texture } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import type { Surface } from '../simplify/surface.ts'
import { primitivesOf, isReadable } from '../steps/prepare.ts'
import { cornersOf, placeIn, readPatch, type Patch } from './patch.ts'
import { extentsOf } from '../simplify/vectors.ts'

/** Textures that share one layout, and what is laid out in it. */
export interface Sheet {
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
