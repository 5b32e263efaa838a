import type { Accessor, AnimationChannel, Document, Mesh, Node } from '@gltf-transform/core'
import { batchOf } from '../compare/rest-pose.ts'

/**
 * Quantizing writes the size of a mesh into the scale of its node or of its instances, which must not be 0 then. A node
 * with children or clips gets another node below it for that, which would not have its weights.
 */
export function makeScalable(document: Document): void {
  for (const node of document.getRoot().listNodes()) {
    const scales = batchOf(node)?.['SCALE']
    if (scales) avoidZeros(scales)
    else if (!node.getSkin() && (isFlattened(node) || losesWeights(node))) moveMeshBelow(document, node)
  }
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
