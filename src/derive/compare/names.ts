import type { Animation, Document, ExtensibleProperty, Node } from '@gltf-transform/core'
import { drawnNodes } from './rest-pose.ts'

/** Everything that code can ask a model for, one text each: what is lost is named by it. */
export function* namesOf(document: Document): Generator<string> {
  const root = document.getRoot()
  for (const scene of root.listScenes()) yield* called('scene', scene)
  for (const node of root.listNodes()) yield* called('node', node)
  for (const mesh of root.listMeshes()) yield* extras('mesh', mesh)
  for (const material of root.listMaterials()) yield* extras('material', material)
  for (const animation of root.listAnimations()) yield* clip(animation)
  const drawn = drawnNodes(document)
  for (const node of drawn) yield* carried(node)
  // Each once: meshes without a name may become one.
  yield* new Set(drawn.flatMap((node) => Array.from(attributes(node))))
}

function* called(kind: string, property: ExtensibleProperty): Generator<string> {
  if (property.getName()) yield `${kind} \`${property.getName()}\``
  yield* extras(kind, property)
}

function* extras(kind: string, property: ExtensibleProperty): Generator<string> {
  // The names of morph targets are told with them.
  const values = Object.entries(property.getExtras()).filter(([name]) => name !== 'targetNames')
  if (values.length === 0) return
  yield `extras of the ${kind} \`${property.getName()}\` (${JSON.stringify(Object.fromEntries(values))})`
}

/** A clip moves what its channels name. How many keys they have is nobody's business. */
function* clip(animation: Animation): Generator<string> {
  const title = `clip \`${animation.getName()}\``
  yield title
  yield `${title}, ${lengthOf(animation).toFixed(2)} s`
  for (const channel of animation.listChannels()) {
    const target = channel.getTargetNode()
    if (target && channel.getSampler()) yield `${title}: ${channel.getTargetPath()} of \`${ownerOf(target)}\``
  }
}

function lengthOf(animation: Animation): number {
  const ends = animation.listSamplers().map((sampler) => sampler.getInput()?.getMax([])[0] ?? 0)
  return Math.max(0, ...ends)
}

/** Skin, camera and extensions (a light, instances) of a node. */
function* carried(node: Node): Generator<string> {
  const joints = node.getSkin()?.listJoints()
  if (joints) yield `skin of ${joints.length} joints: ${joints.map((joint) => joint.getName()).join(', ')}`
  if (node.getCamera()) yield `camera of the node \`${node.getName()}\``
  for (const { extensionName } of node.listExtensions()) yield `${extensionName} of \`${ownerOf(node)}\``
}

/** What the vertices of a mesh carry. */
function* attributes(node: Node): Generator<string> {
  const found = new Set<string>()
  for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
    for (const semantic of primitive.listSemantics()) found.add(semantic)
    for (const [i, target] of primitive.listTargets().entries())
      found.add(`morph target ${i} (${target.getName()})`)
  }
  for (const name of found) yield `${name} of \`${ownerOf(node)}\``
}

/** What a node is called, or else the one above it: compressing may put one between. */
function ownerOf(node: Node): string {
  return node.getName() || node.getParentNode()?.getName() || ''
}
