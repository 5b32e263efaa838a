import type { Accessor, Primitive } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import { dot, normalOf, unit, type Vec } from './vectors.ts'

/** The fraction of triangles that must face in the direction of their normals. */
const MOST = 0.95
/** The cosine between the two. */
const SAME = 0.999

/**
 * Whether the triangles of a primitive are flat-shaded: then no vertex is shared, and normals repeat what the triangles
 * say.
 */
export function isFlat(primitive: Primitive): boolean {
  const normals = primitive.getAttribute('NORMAL')
  const positions = primitive.getAttribute('POSITION')
  const indices = primitive.getIndices()?.getArray()
  if (!normals || !positions || !indices || indices.length === 0) return false
  let flat = 0
  for (let at = 0; at < indices.length; at += 3) {
    const corners = [0, 1, 2].map((i) => indices[at + i] ?? 0)
    const face = faceNormal(corners.map((corner) => positions.getElement(corner, [])))
    const alike = corners.every((corner) => dot(normals.getElement(corner, []), face) > SAME)
    if (alike) flat += 1
  }
  return flat >= (indices.length / 3) * MOST
}

/** Removes the normals, so that triangles can share vertices. */
export function dropNormals(primitive: Primitive, { functions }: Tools): void {
  primitive.setAttribute('NORMAL', null)
  functions.weldPrimitive(primitive)
}

/** Gives each triangle its own vertices again, and its current normal. */
export function restoreNormals(primitive: Primitive, { functions }: Tools): void {
  const corners = indicesOf(primitive)
  mapAttributes(primitive, (source) => spread(source, corners))
  primitive.setIndices(null)
  const positions = primitive.getAttribute('POSITION')
  if (!positions) return
  const values = new Float32Array(positions.getCount() * 3)
  for (let vertex = 0; vertex < positions.getCount(); vertex += 3) {
    const face = faceNormal([0, 1, 2].map((i) => positions.getElement(vertex + i, [])))
    for (const i of [0, 1, 2]) values.set(face, (vertex + i) * 3)
  }
  const normals = positions.clone().setArray(values).setNormalized(false)
  primitive.setAttribute('NORMAL', normals)
  functions.weldPrimitive(primitive)
}

/** The corners of its triangles, by their vertices. */
export function indicesOf(primitive: Primitive): number[] {
  return Array.from<number>(primitive.getIndices()?.getArray() ?? [])
}

/** Changes all attributes of a primitive's vertices, including those of its morph targets. */
export function mapAttributes(
  primitive: Primitive,
  change: (source: Accessor, semantic: string) => Accessor,
): void {
  for (const owner of [primitive, ...primitive.listTargets()]) {
    for (const semantic of owner.listSemantics()) {
      const source = owner.getAttribute(semantic)
      if (source) owner.setAttribute(semantic, change(source, semantic))
    }
  }
}

/** An accessor with the elements of another one, in this order. */
export function spread(source: Accessor, indices: number[]): Accessor {
  const array = source.getArray()
  const size = source.getElementSize()
  if (!array) return source
  const Values = array.constructor as new (count: number) => typeof array
  const values = new Values(indices.length * size)
  indices.forEach((index, i) => values.set(array.subarray(index * size, (index + 1) * size), i * size))
  return source.clone().setArray(values)
}

/** For a triangle without area: up, which is as good as any. */
function faceNormal(corners: Vec[]): Vec {
  const normal = normalOf(corners)
  return Math.hypot(...normal) > 0 ? unit(normal) : [0, 1, 0]
}

/** Gives triangles that have the corners of an earlier one vertices of their own: the other side of a thin part. */
export function unfold(primitive: Primitive): void {
  const indices = indicesOf(primitive)
  const count = primitive.getAttribute('POSITION')?.getCount() ?? 0
  const order = Array.from({ length: count }, (_, vertex) => vertex)
  const copies = new Map<string, number>()
  const repeats = repeatsIn(indices)
  const unfolded = indices.map((vertex, at) => {
    const times = repeats[Math.floor(at / 3)] ?? 0
    if (times === 0) return vertex
    const key = `${vertex} ${times}`
    const copy = copies.get(key) ?? order.push(vertex) - 1
    copies.set(key, copy)
    return copy
  })
  if (order.length === count) return
  mapAttributes(primitive, (source) => spread(source, order))
  primitive.setIndices(primitive.getIndices()?.clone().setArray(new Uint32Array(unfolded)) ?? null)
}

/** For each triangle, the number of earlier ones with the same corners. */
function repeatsIn(indices: number[]): number[] {
  const seen = new Map<string, number>()
  return Array.from({ length: indices.length / 3 }, (_, triangle) => {
    const corners = indices.slice(triangle * 3, triangle * 3 + 3)
    const key = corners.toSorted((a, b) => a - b).join()
    const times = seen.get(key) ?? 0
    seen.set(key, times + 1)
    return times
  })
}
