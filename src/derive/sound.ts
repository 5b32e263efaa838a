import type { Document, Mesh, Primitive, TypedArray } from '@gltf-transform/core'
import type { Tools } from './libraries.ts'
import { attributesOf, primitivesOf, TRIANGLES } from './steps/prepare.ts'

/** Repairs what viewers ignore, and what steps and codecs fail on. */
export function makeSound(document: Document, tools: Tools): void {
  for (const mesh of document.getRoot().listMeshes()) dropUndrawable(mesh)
  joinBuffers(document)
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

/** A GLB has room for one buffer besides those that its JSON contains. */
function joinBuffers(document: Document): void {
  const [first = null, ...others] = document.getRoot().listBuffers()
  if (others.length === 0) return
  for (const accessor of document.getRoot().listAccessors()) accessor.setBuffer(first)
  for (const buffer of others) buffer.dispose()
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

/** Whether two vertices are in one place, whatever moves them. */
function sameCorner(primitive: Primitive): (a: number, b: number) => boolean {
  const owners = [primitive, ...primitive.listTargets()]
  const movers = owners.flatMap((owner) => attributesOf(owner, /^(?:POSITION$|JOINTS_|WEIGHTS_)/))
  const streams = movers.map((mover) => ({ values: mover.getArray() ?? [], size: mover.getElementSize() }))
  const isSame = (a: number, b: number) =>
    streams.every(({ values, size }) => {
      for (let i = 0; i < size; i++) if (values[a * size + i] !== values[b * size + i]) return false
      return true
    })
  return (a, b) => a === b || isSame(a, b)
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
