import type { Document, Node, Primitive, Animation, ExtensibleProperty } from '@gltf-transform/core'
import { BoundsBuilder } from '../../glb/inspect.ts'
import type { Facts, Vec3 } from '../../glb/facts.ts'
import { transform } from '../../glb/matrix.ts'
import { drawnNodes, eachVertex, instancesOf, worldMatrices } from './rest-pose.ts'
import { TRIANGLES } from '../steps/prepare.ts'
import { by } from '../../system/order.ts'

/** What is compared with the source after each step. */
export interface Snapshot {
  /** As drawn, in the rest pose. */
  bounds: Facts['bounds']
  /** As drawn, instances included. */
  triangles: number
  /** Points and lines, by the number of drawn vertices. */
  others: number
  /** The places of named nodes that draw nothing themselves, including sockets, sorted by name. */
  places: { name: string; at: Vec3 }[]
  /** What code can look up, sorted. */
  names: string[]
}

/** The current state of a model. */
export function takeSnapshot(document: Document): Snapshot {
  const bounds = new BoundsBuilder()
  eachVertex(document, (at) => bounds.add(at))
  const drawn = drawnNodes(document)
  const worldOf = worldMatrices()
  return {
    bounds: bounds.finish(),
    triangles: sum(drawn, trianglesOf),
    others: sum(drawn, (primitive) => (isSurface(primitive) ? 0 : countOf(primitive))),
    places: drawn
      .filter((node) => node.getName() && !node.getMesh())
      .map((node) => ({ name: node.getName(), at: transform(worldOf(node), [0, 0, 0]) }))
      .toSorted(by(({ name }) => [name])),
    names: [...namesOf(document)].toSorted(),
  }
}

/** The expected result of a step that scales the whole model by a factor, and then moves it. */
export function moved(
  { bounds, places }: Snapshot,
  factor: number,
  by: Vec3,
): Pick<Snapshot, 'bounds' | 'places'> {
  const move = (at: Vec3): Vec3 => [at[0] * factor + by[0], at[1] * factor + by[1], at[2] * factor + by[2]]
  const size = bounds.size.map((value) => value * factor) as Vec3
  return {
    bounds: { min: move(bounds.min), max: move(bounds.max), size },
    places: places.map(({ name, at }) => ({ name, at: move(at) })),
  }
}

function isSurface(primitive: Primitive): boolean {
  return primitive.getMode() >= TRIANGLES
}

/** Triangles that a primitive draws once. */
function trianglesOf(primitive: Primitive): number {
  if (!isSurface(primitive)) return 0
  const count = countOf(primitive)
  return primitive.getMode() === TRIANGLES ? Math.floor(count / 3) : Math.max(0, count - 2)
}

function countOf(primitive: Primitive): number {
  return (primitive.getIndices() ?? primitive.getAttribute('POSITION'))?.getCount() ?? 0
}

function sum(nodes: Node[], count: (primitive: Primitive) => number): number {
  return nodes.reduce((total, node) => {
    const primitives = node.getMesh()?.listPrimitives() ?? []
    return (
      total + instancesOf(node).length * primitives.reduce((part, primitive) => part + count(primitive), 0)
    )
  }, 0)
}

/** Everything that code can look up in a model, one text each: lost items are named by it. */
function* namesOf(document: Document): Generator<string> {
  const root = document.getRoot()
  for (const scene of root.listScenes()) yield* called('scene', scene)
  for (const node of root.listNodes()) yield* called('node', node)
  for (const mesh of root.listMeshes()) yield* extras('mesh', mesh)
  // The root refers to each. What nothing else refers to is in no viewer.
  const materials = root.listMaterials().filter((material) => material.listParents().length > 1)
  // Each once, too: those that are alike in everything are merged.
  yield* new Set(materials.flatMap((material) => Array.from(extras('material', material))))
  for (const animation of root.listAnimations()) yield* clip(animation)
  const drawn = drawnNodes(document)
  for (const node of drawn) yield* carried(node)
  // Each once: meshes without a name may be merged.
  yield* new Set(drawn.flatMap((node) => Array.from(attributes(node))))
}

function* called(kind: string, property: ExtensibleProperty): Generator<string> {
  if (property.getName()) yield `${kind} \`${property.getName()}\``
  yield* extras(kind, property)
}

function* extras(kind: string, property: ExtensibleProperty): Generator<string> {
  // The names of morph targets are listed with them.
  const values = Object.entries(property.getExtras()).filter(([name]) => name !== 'targetNames')
  if (values.length === 0) return
  yield `extras of the ${kind} \`${property.getName()}\` (${JSON.stringify(Object.fromEntries(values))})`
}

/** A clip moves what its channels name. The number of keys does not matter. */
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

/** The vertex attributes of a mesh. */
function* attributes(node: Node): Generator<string> {
  const found = new Set<string>()
  for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
    for (const semantic of primitive.listSemantics()) found.add(semantic)
    for (const [i, target] of primitive.listTargets().entries())
      found.add(`morph target ${i} (${target.getName()})`)
  }
  for (const name of found) yield `${name} of \`${ownerOf(node)}\``
}

/** The name of a node, or else of the nearest one above it that has one: compressing may insert nodes in between. */
function ownerOf(node: Node): string {
  for (let at: Node | null = node; at; at = at.getParentNode()) if (at.getName()) return at.getName()
  return ''
}
