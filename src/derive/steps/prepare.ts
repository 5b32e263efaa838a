import type {
  Accessor,
  Document,
  Primitive,
  PrimitiveTarget,
  Texture,
  AnimationChannel,
  Mesh,
  Node,
} from '@gltf-transform/core'
import { IDENTITY } from '../../glb/matrix.ts'
import { batchOf } from '../compare/rest-pose.ts'

/** The mode of primitives that draw triangles one by one; modes above it draw them in strips and fans. */
export const TRIANGLES = 4
const BYTE_MAX = 255
/** What core glTF only stores as floats; other types, such as colors and weights, need no extension. */
const FLOATS = /^(?:POSITION|NORMAL|TANGENT|TEXCOORD_\d+)$/

export function primitivesOf(document: Document): Primitive[] {
  return document
    .getRoot()
    .listMeshes()
    .flatMap((mesh) => mesh.listPrimitives())
}

/** Primitives that draw triangles, and those that draw points and lines. */
export function countPrimitives(document: Document): { surfaces: number; others: number } {
  const primitives = primitivesOf(document)
  const surfaces = primitives.filter((primitive) => primitive.getMode() >= TRIANGLES).length
  return { surfaces, others: primitives.length - surfaces }
}

/** Converts the integers of KHR_mesh_quantization to floats: rounding them again has to start from real numbers. */
export function unquantize(document: Document): void {
  for (const primitive of primitivesOf(document)) {
    for (const owner of [primitive, ...primitive.listTargets()]) {
      attributesOf(owner, FLOATS).forEach(toFloats)
    }
  }
  document.disposeExtension('KHR_mesh_quantization')
}

/** The attributes whose semantic matches a pattern. */
export function attributesOf(owner: Primitive | PrimitiveTarget, pattern: RegExp): Accessor[] {
  const semantics = owner.listSemantics().filter((semantic) => pattern.test(semantic))
  return semantics.flatMap((semantic) => owner.getAttribute(semantic) ?? [])
}

function toFloats(accessor: Accessor): void {
  if (accessor.getArray() instanceof Float32Array) return
  accessor.setArray(valuesOf(accessor)).setNormalized(false)
}

/** The numbers that an accessor represents. */
export function valuesOf(accessor: Accessor): Float32Array<ArrayBuffer> {
  const size = accessor.getElementSize()
  const values = new Float32Array(accessor.getCount() * size)
  const element: number[] = []
  for (let i = 0; i < accessor.getCount(); i++) values.set(accessor.getElement(i, element), i * size)
  return values
}

/** A skin may omit them if all are the identity. A step that scales a mesh writes its scale there. */
export function fillInverseBindMatrices(document: Document): void {
  for (const skin of document.getRoot().listSkins()) {
    if (skin.getInverseBindMatrices()) continue
    const values = new Float32Array(skin.listJoints().flatMap(() => IDENTITY))
    const buffer = document.getRoot().listBuffers()[0] ?? document.createBuffer()
    skin.setInverseBindMatrices(document.createAccessor().setType('MAT4').setArray(values).setBuffer(buffer))
  }
}

/**
 * Draco rounds floats, which produces weights that do not add up and colors beyond white, so those are stored as bytes.
 */
export function packForDraco(document: Document): void {
  ownBones(document)
  packWeights(document)
  clampColors(document)
}

/** Bits for a range of 1: differences of a quarter of a thousandth. */
const BITS = 12
/** More than that are no better than floats. */
const MOST_BITS = 24

/**
 * The number of bits with which Draco keeps places in textures and attributes of applications as precise as in a range
 * of 1: textures may repeat often, and attributes may be numbers of things.
 */
export function dracoBits(document: Document): { TEX_COORD: number; GENERIC: number } {
  return { TEX_COORD: bitsFor(document, /^TEXCOORD_/), GENERIC: bitsFor(document, /^_/) }
}

function bitsFor(document: Document, pattern: RegExp): number {
  const ranges = primitivesOf(document)
    .flatMap((primitive) => attributesOf(primitive, pattern))
    .filter((accessor) => accessor.getArray() instanceof Float32Array)
    .flatMap((accessor) => {
      const most = accessor.getMax([])
      return accessor.getMin([]).map((least, axis) => (most[axis] ?? least) - least)
    })
  const extra = Math.ceil(Math.log2(ranges.reduce((most, range) => (range > most ? range : most), 1)))
  return Math.min(BITS + extra, MOST_BITS)
}

/** Joints and weights are sorted and forgotten in place, one primitive after the other: none may share them. */
export function ownBones(document: Document): void {
  const seen = new Set<Accessor>()
  for (const primitive of primitivesOf(document)) {
    const semantics = primitive.listSemantics().filter((semantic) => /^(?:JOINTS|WEIGHTS)_/.test(semantic))
    for (const semantic of semantics) {
      const accessor = primitive.getAttribute(semantic)
      if (accessor && seen.has(accessor)) primitive.setAttribute(semantic, accessor.clone())
      else if (accessor) seen.add(accessor)
    }
  }
}

/**
 * The weights of each vertex as bytes that add up to 255, so that rounding loses nothing. A joint that is left without
 * weight is no longer referenced.
 */
function packWeights(document: Document): void {
  for (const primitive of primitivesOf(document)) {
    const sets = attributesOf(primitive, /^WEIGHTS_/)
    const floats = sets.map(valuesOf)
    const bytes = floats.map((values) => new Uint8Array(values.length))
    for (let vertex = 0; vertex < (sets[0]?.getCount() ?? 0); vertex++) packVertex(floats, bytes, vertex * 4)
    sets.forEach((accessor, set) => accessor.setArray(bytes[set] ?? null).setNormalized(true))
    attributesOf(primitive, /^JOINTS_/).forEach((joints, set) => forgetJoints(joints, bytes[set]))
  }
}

/** The largest weight absorbs the rounding error. */
function packVertex(floats: Float32Array[], bytes: Uint8Array[], at: number): void {
  const weights = floats.flatMap((values) => [...values.subarray(at, at + 4)])
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return
  const rounded = weights.map((weight) => Math.round((weight / total) * BYTE_MAX))
  const largest = rounded.indexOf(Math.max(...rounded))
  const rest = BYTE_MAX - rounded.reduce((sum, weight) => sum + weight, 0)
  rounded[largest] = (rounded[largest] ?? 0) + rest
  bytes.forEach((set, i) => set.set(rounded.slice(4 * i, 4 * i + 4), at))
}

function forgetJoints(joints: Accessor, weights: Uint8Array | undefined): void {
  const kept = joints.getArray()?.slice() ?? null
  weights?.forEach((weight, i) => kept && weight === 0 && kept.fill(0, i, i + 1))
  joints.setArray(kept)
}

/** Colors as bytes between black and white. */
function clampColors(document: Document): void {
  for (const primitive of primitivesOf(document)) {
    for (const accessor of attributesOf(primitive, /^COLOR_/)) {
      if (!(accessor.getArray() instanceof Float32Array)) continue
      const bytes = valuesOf(accessor).map((value) => Math.round(Math.min(1, Math.max(0, value)) * BYTE_MAX))
      accessor.setArray(new Uint8Array(bytes)).setNormalized(true)
    }
  }
}

/** Codecs may begin a triangle at another of its corners, which would break strips and lines with the same indices. */
export function separateIndices(document: Document): void {
  const [surfaces, others] = [new Set<Accessor>(), new Set<Primitive>()]
  for (const primitive of primitivesOf(document)) {
    const indices = primitive.getIndices()
    if (primitive.getMode() !== TRIANGLES) others.add(primitive)
    else if (indices) surfaces.add(indices)
  }
  for (const primitive of others) {
    const indices = primitive.getIndices()
    if (indices && surfaces.has(indices)) primitive.setIndices(indices.clone())
  }
}

const READABLE = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/avif'])

/** Whether the pixels of a texture can be read; those of GPU formats cannot. */
export function isReadable(texture: Texture): boolean {
  return READABLE.has(texture.getMimeType())
}

/**
 * Quantizing writes the size of a mesh into the scale of its node or of its instances, which must not be 0 then. A node
 * with children or clips gets another node below it for that, which would not have its weights.
 */
export function makeScalable(document: Document): void {
  for (const node of document.getRoot().listNodes()) {
    const scales = batchOf(node)?.['SCALE']
    if (scales) avoidZeros(scales)
    else if (needsRoom(node)) moveMeshBelow(document, node)
  }
}

function needsRoom(node: Node): boolean {
  if (!node.getMesh() || node.getSkin()) return false
  return node.getScale().includes(0) || losesWeights(node)
}

/** Whether a node scales what it shows to nothing, or to a plane. */
export function isFlattened(node: Node): boolean {
  return node.getWorldScale().includes(0)
}

/** Whether a mesh has a size to which it could be quantized: a single point has none. */
export function hasSize(mesh: Mesh): boolean {
  const primitives = mesh.listPrimitives()
  const owners = [...primitives, ...primitives.flatMap((primitive) => primitive.listTargets())]
  const positions = owners.flatMap((owner) => owner.getAttribute('POSITION') ?? [])
  const extremes = positions.flatMap((accessor) => [accessor.getMin([]), accessor.getMax([])])
  return [0, 1, 2].some((axis) => new Set(extremes.map((corner) => corner[axis])).size > 1)
}

/** So small that it still shows nothing. */
const ALMOST_NOTHING = 1e-6

function avoidZeros(scales: Accessor): void {
  const values = scales.getArray()
  if (values instanceof Float32Array) scales.setArray(values.map((value) => value || ALMOST_NOTHING))
}

function losesWeights(node: Node): boolean {
  if (node.getWeights().length === 0) return false
  return node.listChildren().length > 0 || channelsOf(node).some((path) => path.getTargetPath() !== 'weights')
}

function moveMeshBelow(document: Document, node: Node): void {
  const mesh = node.getMesh()
  if (!mesh) return
  const below = document.createNode().setMesh(mesh).setWeights(node.getWeights())
  node.setMesh(null).setWeights([]).addChild(below)
  for (const channel of channelsOf(node)) {
    if (channel.getTargetPath() === 'weights') channel.setTargetNode(below)
  }
}

function channelsOf(node: Node): AnimationChannel[] {
  return node.listParents().filter((parent): parent is AnimationChannel => isChannel(parent))
}

function isChannel({ propertyType }: { propertyType: string }): boolean {
  return propertyType === 'AnimationChannel'
}
