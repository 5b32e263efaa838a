import type { Primitive, Accessor, Node } from '@gltf-transform/core'

/** A primitive of triangles, and the position of its vertices in the surface. */
export interface Part {
  primitive: Primitive
  /** How often it is drawn. */
  times: number
  /** Its first vertex in the surface, and the one after its last. */
  start: number
  end: number
}

/** All triangles that a model draws as one surface in its rest pose, so that one error measure applies to all of it. */
export interface Surface {
  parts: Part[]
  positions: Float32Array<ArrayBuffer>
  /** What else must not change much: `TRAITS` numbers for each vertex. */
  traits: Float32Array<ArrayBuffer>
  indices: Uint32Array<ArrayBuffer>
  /** Vertices that two parts share: parts stay together there. */
  borders: Uint8Array<ArrayBuffer>
  /** Those, and vertices that are in more than one place of the texture. */
  seams: Uint8Array<ArrayBuffer>
}

/**
 * How much vertex attributes weigh compared with the position: a change by 1 is as bad as a move by this fraction of
 * the model's size. Three numbers for the normal, two for the place in the texture, three for the color, three for the
 * bones.
 */
export const TRAITS = [0.1, 0.1, 0.1, 0.3, 0.3, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3]

const NORMAL = 0
const UV = 3
const COLOR = 5
export const BONES = 8

/** Writes the vertex attributes of a part into the traits of the whole surface. */
export function writeTraits(traits: Float32Array, { primitive, start }: Part, node: Node): void {
  const write = (semantic: string, offset: number, size: number) => {
    const accessor = primitive.getAttribute(semantic)
    if (accessor) copy(traits, { accessor, start, offset, size })
  }
  write('NORMAL', NORMAL, 3)
  write('TEXCOORD_0', UV, 2)
  write('COLOR_0', COLOR, 3)
  writeBones(traits, { primitive, start }, node)
}

/** The place of a vertex in the texture. */
export function placeIn(traits: Float32Array, vertex: number): [u: number, v: number] {
  const at = vertex * TRAITS.length + UV
  return [traits[at] ?? 0, traits[at + 1] ?? 0]
}

/** Whether two vertices are in the same place of the texture. */
export function sameTexture(traits: Float32Array, a: number, b: number): boolean {
  const [one, other] = [placeIn(traits, a), placeIn(traits, b)]
  return one[0] === other[0] && one[1] === other[1]
}

function copy(
  traits: Float32Array,
  { accessor, start, offset, size }: { accessor: Accessor; start: number; offset: number; size: number },
): void {
  const element: number[] = []
  for (let i = 0; i < accessor.getCount(); i++) {
    accessor.getElement(i, element)
    // Other traits, and the shape, still count if one of them is not a number.
    const known = element.slice(0, size).map((value) => (Number.isFinite(value) ? value : 0))
    traits.set(known, (start + i) * TRAITS.length + offset)
  }
}

/** The center of the bones that move a vertex, weighted: close together for vertices that move alike. */
function writeBones(
  traits: Float32Array,
  { primitive, start }: Pick<Part, 'primitive' | 'start'>,
  node: Node,
): void {
  const joints = primitive.getAttribute('JOINTS_0')
  const weights = primitive.getAttribute('WEIGHTS_0')
  const bones = node.getSkin()?.listJoints() ?? []
  if (!joints || !weights) return
  const places = bones.map((bone) => bone.getWorldTranslation())
  for (let i = 0; i < joints.getCount(); i++) {
    const [of, by] = [joints.getElement(i, []), weights.getElement(i, [])]
    const middle = [0, 1, 2].map((axis) =>
      of.reduce((sum, joint, slot) => sum + (places[joint]?.[axis] ?? 0) * (by[slot] ?? 0), 0),
    )
    traits.set(middle, (start + i) * TRAITS.length + BONES)
  }
}

/** The piece of the texture that each vertex is in: pieces share no vertex. */
export function chartsOf({ indices, positions }: Pick<Surface, 'indices' | 'positions'>): Uint32Array {
  const parents = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => vertex)
  const rootOf = (vertex: number): number => {
    let at = vertex
    while (parents[at] !== at) at = parents[at] = parents[parents[at] ?? at] ?? at
    return at
  }
  for (let at = 0; at < indices.length; at += 3) {
    const root = rootOf(indices[at] ?? 0)
    parents[rootOf(indices[at + 1] ?? 0)] = root
    parents[rootOf(indices[at + 2] ?? 0)] = rootOf(root)
  }
  return parents.map((_, vertex) => rootOf(vertex))
}

/** Returns all vertices at the place of one. */
export function wedgesOf({ positions }: Pick<Surface, 'positions'>): (vertex: number) => number[] {
  const keyOf = (vertex: number) => positions.subarray(vertex * 3, vertex * 3 + 3).join()
  const groups = groupVertices(positions.length / 3, keyOf)
  return (vertex) => groups.get(keyOf(vertex)) ?? []
}

/** Groups vertices by something that some have in common. */
export function groupVertices<K>(count: number, keyOf: (vertex: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>()
  for (let vertex = 0; vertex < count; vertex++) {
    const key = keyOf(vertex)
    const group = groups.get(key) ?? []
    group.push(vertex)
    groups.set(key, group)
  }
  return groups
}

type Axis = 0 | 1 | 2

/** Few enough to check one by one. */
const LEAF = 16

/**
 * Finds which of a set of vertices is nearest to a place: a tree over three axes, because a model may have very many of
 * them.
 */
export function nearestOf(positions: Float32Array, vertices: readonly number[]): (at: number[]) => number {
  const order = Uint32Array.from(vertices)
  split(positions, order, 0)
  return (at) =>
    search(positions, { order, axis: 0, at }, { vertex: order[0] ?? 0, distance: Infinity }).vertex
}

/** Sorts a range by one axis, and its halves by the next. */
function split(positions: Float32Array, order: Uint32Array, axis: Axis): void {
  if (order.length <= LEAF) return
  order.sort((a, b) => (positions[a * 3 + axis] ?? 0) - (positions[b * 3 + axis] ?? 0))
  const middle = order.length >> 1
  split(positions, order.subarray(0, middle), next(axis))
  split(positions, order.subarray(middle), next(axis))
}

interface Range {
  order: Uint32Array
  axis: Axis
  at: number[]
}

interface Found {
  vertex: number
  distance: number
}

function search(positions: Float32Array, { order, axis, at }: Range, found: Found): Found {
  if (order.length <= LEAF) return searchLeaf(positions, { order, at }, found)
  const middle = order.length >> 1
  const halves = [order.subarray(0, middle), order.subarray(middle)]
  const beyond = (at[axis] ?? 0) - (positions[(order[middle] ?? 0) * 3 + axis] ?? 0)
  const [near, far] = beyond < 0 ? halves : halves.toReversed()
  const closer = search(positions, { order: near ?? order, axis: next(axis), at }, found)
  if (beyond ** 2 >= closer.distance) return closer
  return search(positions, { order: far ?? order, axis: next(axis), at }, closer)
}

function searchLeaf(positions: Float32Array, { order, at }: Omit<Range, 'axis'>, found: Found): Found {
  let best = found
  for (const vertex of order) {
    const distance = squaredDistance(positions, vertex, at)
    if (distance < best.distance) best = { vertex, distance }
  }
  return best
}

function squaredDistance(positions: Float32Array, vertex: number, at: number[]): number {
  const along = (axis: Axis) => (positions[vertex * 3 + axis] ?? 0) - (at[axis] ?? 0)
  return along(0) ** 2 + along(1) ** 2 + along(2) ** 2
}

function next(axis: Axis): Axis {
  return axis === 2 ? 0 : axis === 1 ? 2 : 1
}
