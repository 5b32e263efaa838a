import type { Document, ILogger, NodeIO, Mesh, Primitive, TypedArray } from '@gltf-transform/core'
import { isMeshyError, MeshyError, messageOf } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import { readGlb } from '../glb/read.ts'
import type { PackageName } from '../finding/steps.ts'
import { loadTools, type Tools } from './libraries.ts'
import { readModel } from './read-model.ts'
import { dracoBits, packForDraco, primitivesOf, TRIANGLES } from './steps/prepare.ts'

/** A model that is open for editing. */
interface OpenModel {
  document: Document
  io: NodeIO
  tools: Tools
}

/**
 * Reads a GLB with the codecs that it uses, and loads the packages that are requested in addition.
 *
 * @throws {MeshyError} MESHY_GLB_INVALID; MESHY_DERIVE_UNAVAILABLE naming a package; MESHY_DERIVE_UNSUPPORTED
 */
export async function openModel(
  source: Uint8Array,
  { packages = [], logger }: { packages?: readonly PackageName[]; logger?: ILogger } = {},
): Promise<OpenModel> {
  const { used, required } = extensionsOf(source)
  const codecs = used.flatMap((name) => CODECS[name] ?? [])
  const tools = await loadTools([...new Set([...packages, ...codecs])])
  const io = await createIo(tools)
  if (logger) io.setLogger(logger)
  assertKnown(required, tools)
  const document = await readModel(source, { io, tools })
  makeSound(document, tools)
  // It is written as it came, and what this codec rounds must still be valid then.
  if (used.includes(DRACO)) {
    packForDraco(document)
    const codec = document.createExtension(tools.extensions.KHRDracoMeshCompression)
    codec.setEncoderOptions({ quantizationBits: dracoBits(document) })
  }
  return { document, io, tools }
}

/** The codec of a compressing extension. */
const DRACO = 'KHR_draco_mesh_compression'
const CODECS: Record<string, PackageName> = {
  EXT_meshopt_compression: 'meshoptimizer',
  [DRACO]: 'draco3dgltf',
}

function extensionsOf(source: Uint8Array): { used: string[]; required: string[] } {
  const { extensionsUsed, extensionsRequired } = readGlb(source).json
  return { used: textsOf(extensionsUsed), required: textsOf(extensionsRequired) }
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

function assertKnown(required: readonly string[], { extensions }: Tools): void {
  const known = new Set<string>(extensions.ALL_EXTENSIONS.map(({ EXTENSION_NAME }) => EXTENSION_NAME))
  const unknown = required.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  const names = quoted(unknown)
  throw new MeshyError('MESHY_DERIVE_UNSUPPORTED', {
    message: `Nothing can be derived from the model: it requires ${names}, which glTF-Transform does not read.`,
    hint: 'Remove the directives that derive from the model, or export the model without the extension.',
    details: { extensions: unknown },
  })
}

/** Reads and writes every extension that glTF-Transform supports, with the codecs that are loaded. */
async function createIo({ core, extensions, meshoptimizer, draco3dgltf }: Tools): Promise<NodeIO> {
  const io = new core.NodeIO().registerExtensions(extensions.ALL_EXTENSIONS)
  if (meshoptimizer) {
    const { MeshoptEncoder, MeshoptDecoder } = meshoptimizer
    io.registerDependencies({ 'meshopt.encoder': MeshoptEncoder, 'meshopt.decoder': MeshoptDecoder })
  }
  if (draco3dgltf) {
    const [encoder, decoder] = await Promise.all([
      draco3dgltf.createEncoderModule(),
      draco3dgltf.createDecoderModule(),
    ])
    io.registerDependencies({ 'draco3d.encoder': encoder, 'draco3d.decoder': decoder })
  }
  return io
}

/** What a step threw, as an error that names the step. */
export function failed(step: string, cause: unknown): MeshyError {
  if (isMeshyError(cause)) return cause
  const reason = messageOf(cause)
  return new MeshyError('MESHY_DERIVE_FAILED', {
    message: `\`${step}\` failed: ${reason.replace(/\.$/, '')}.`,
    hint: 'Remove the step that fails, and report it together with the model.',
    cause,
  })
}

/** Repairs what viewers ignore, and what steps and codecs fail on. */
function makeSound(document: Document, tools: Tools): void {
  for (const mesh of document.getRoot().listMeshes()) dropUndrawable(mesh)
  showRoots(document)
  nameFormats(document, tools)
}

/** Removes from meshes what no viewer draws. The box that viewers compute around a model may be smaller after that. */
export function dropUndrawn(document: Document, tools: Tools): void {
  for (const primitive of primitivesOf(document)) {
    dropEmptyTriangles(document, primitive)
    dropUnusedVertices(primitive, tools)
  }
}

/** Primitives that draw nothing, and meshes that would then be empty. */
function dropUndrawable(mesh: Mesh): void {
  for (const primitive of mesh.listPrimitives()) {
    const corners = primitive.getIndices() ?? primitive.getAttribute('POSITION')
    if (!primitive.getAttribute('POSITION') || corners?.getCount() === 0) primitive.dispose()
  }
  if (mesh.listPrimitives().length === 0) mesh.dispose()
}

/**
 * Corners that do not form a complete triangle, and triangles without area: one codec drops those, and to
 * simplification they look like edges of three surfaces.
 */
function dropEmptyTriangles(document: Document, primitive: Primitive): void {
  if (primitive.getMode() !== TRIANGLES) return
  const indices = primitive.getIndices()
  const positions = primitive.getAttribute('POSITION')
  const all = indices?.getArray() ?? new Uint32Array(positions?.getCount() ?? 0).map((_, vertex) => vertex)
  const left = withoutEmpty(primitive, all)
  if (left.length === 0 || left.length === all.length) return
  const shorter = indices?.clone() ?? document.createAccessor().setBuffer(positions?.getBuffer() ?? null)
  primitive.setIndices(shorter.setArray(new Uint32Array(left)))
}

function withoutEmpty(primitive: Primitive, all: TypedArray): number[] {
  const isSame = sameCorner(primitive)
  const left: number[] = []
  for (let at = 0; at + 2 < all.length; at += 3) {
    const [a = 0, b = 0, c = 0] = all.subarray(at, at + 3)
    if (!isSame(a, b) && !isSame(b, c) && !isSame(c, a)) left.push(a, b, c)
  }
  return left
}

/** Vertices that bones and morph targets can pull apart are distinct. */
function sameCorner(primitive: Primitive): (a: number, b: number) => boolean {
  const isStiff = primitive.listTargets().length === 0 && !primitive.getAttribute('JOINTS_0')
  const positions = primitive.getAttribute('POSITION')?.getArray() ?? []
  const isOnePlace = (a: number, b: number) =>
    [0, 1, 2].every((axis) => positions[a * 3 + axis] === positions[b * 3 + axis])
  return (a, b) => a === b || (isStiff && isOnePlace(a, b))
}

/** Vertices that no triangle uses: they may be anywhere, and may not even be numbers. */
function dropUnusedVertices(primitive: Primitive, { functions }: Tools): void {
  const indices = primitive.getIndices()?.getArray()
  if (!indices) return
  const isUsed = new Uint8Array(primitive.getAttribute('POSITION')?.getCount() ?? 0)
  for (const vertex of indices) isUsed[vertex] = 1
  if (isUsed.includes(0)) functions.compactPrimitive(primitive)
}

/** A file without scenes shows every node that has no parent. */
function showRoots(document: Document): void {
  const root = document.getRoot()
  if (root.listScenes().length > 0 || root.listNodes().length === 0) return
  const scene = document.createScene()
  for (const node of root.listNodes()) if (!node.getParentNode()) scene.addChild(node)
  root.setDefaultScene(scene)
}

/** The format of an image is what its bytes say. */
function nameFormats(document: Document, { core }: Tools): void {
  for (const texture of document.getRoot().listTextures()) {
    const type = core.ImageUtils.getMimeType(texture.getImage() ?? new Uint8Array())
    if (type) texture.setMimeType(type)
  }
}
