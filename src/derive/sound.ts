import type { Document, Mesh, Primitive } from '@gltf-transform/core'
import type { Tools } from './libraries.ts'
import { primitivesOf } from './steps/prepare.ts'

/**
 * Puts right what viewers take no notice of, and what steps and codecs stumble over: nothing that a model shows is changed.
 */
export function makeSound(document: Document, tools: Tools): void {
  for (const mesh of document.getRoot().listMeshes()) dropUndrawable(mesh)
  for (const primitive of primitivesOf(document)) {
    cutLeftovers(primitive)
    dropUnusedVertices(primitive, tools)
  }
  showRoots(document)
  nameFormats(document, tools)
}

/** Primitives that draw nothing, and what would then be a mesh of nothing. */
function dropUndrawable(mesh: Mesh): void {
  for (const primitive of mesh.listPrimitives()) {
    const corners = primitive.getIndices() ?? primitive.getAttribute('POSITION')
    if (!primitive.getAttribute('POSITION') || corners?.getCount() === 0) primitive.dispose()
  }
  if (mesh.listPrimitives().length === 0) mesh.dispose()
}

const TRIANGLES = 4

/** Corners that are no whole triangle. */
function cutLeftovers(primitive: Primitive): void {
  const indices = primitive.getIndices()
  const array = indices?.getArray()
  if (!indices || !array || primitive.getMode() !== TRIANGLES || array.length % 3 === 0) return
  primitive.setIndices(indices.clone().setArray(array.slice(0, array.length - (array.length % 3))))
}

/** Vertices that no triangle names: they may lie anywhere, and be no numbers at all. */
function dropUnusedVertices(primitive: Primitive, { functions }: Tools): void {
  const indices = primitive.getIndices()?.getArray()
  if (!indices) return
  const isUsed = new Uint8Array(primitive.getAttribute('POSITION')?.getCount() ?? 0)
  for (const vertex of indices) isUsed[vertex] = 1
  if (isUsed.includes(0)) functions.compactPrimitive(primitive)
}

/** A file without scenes shows every node that is nobody's child. */
function showRoots(document: Document): void {
  const root = document.getRoot()
  if (root.listScenes().length > 0 || root.listNodes().length === 0) return
  const scene = document.createScene()
  for (const node of root.listNodes()) if (!node.getParentNode()) scene.addChild(node)
  root.setDefaultScene(scene)
}

/** A picture is what its bytes say. */
function nameFormats(document: Document, { core }: Tools): void {
  for (const texture of document.getRoot().listTextures()) {
    const type = core.ImageUtils.getMimeType(texture.getImage() ?? new Uint8Array())
    if (type) texture.setMimeType(type)
  }
}
