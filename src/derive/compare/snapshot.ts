import type { Document, Node, Primitive } from '@gltf-transform/core'
import { BoundsBuilder } from '../../glb/bounds.ts'
import type { Facts, Vec3 } from '../../glb/facts.ts'
import { namesOf } from './names.ts'
import { drawnNodes, eachVertex, instancesOf } from './rest-pose.ts'

/** What is held against the source after each step. */
export interface Snapshot {
  /** As drawn, in the rest pose. */
  bounds: Facts['bounds']
  /** As drawn, instances included. */
  triangles: number
  /** Points and lines, by the vertices that are drawn. */
  others: number
  /** Where named nodes stand that draw nothing themselves, sockets among them, sorted by name. */
  places: { name: string; at: Vec3 }[]
  /** What code can ask for, sorted. */
  names: string[]
}

/** What a model is now. */
export function takeSnapshot(document: Document): Snapshot {
  const bounds = new BoundsBuilder()
  eachVertex(document, (at) => bounds.add(at))
  const drawn = drawnNodes(document)
  return {
    bounds: bounds.finish(),
    triangles: sum(drawn, trianglesOf),
    others: sum(drawn, (primitive) => (isSurface(primitive) ? 0 : countOf(primitive))),
    places: drawn
      .filter((node) => node.getName() && !node.getMesh())
      .map((node) => ({ name: node.getName(), at: node.getWorldTranslation() as Vec3 }))
      .toSorted((a, b) => compareText(a.name, b.name)),
    names: [...namesOf(document)].toSorted(compareText),
  }
}

/** What a step is to leave that makes the whole model larger by a factor, and then moves it. */
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

const TRIANGLES = 4

function isSurface(primitive: Primitive): boolean {
  return primitive.getMode() >= TRIANGLES
}

/** Triangles that a primitive draws once. */
export function trianglesOf(primitive: Primitive): number {
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

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
