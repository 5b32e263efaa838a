import type { Accessor, Primitive, Document } from '@gltf-transform/core'
import { cross, dot, minus, unit, normalOf, vertexAt, type Vec } from '../simplify/vectors.ts'
import { valuesOf } from '../steps/prepare.ts'

/** The triangles of a primitive, in its own space. */
export interface Patch {
  positions: Float32Array
  /** Absent if each triangle is flat. */
  normals: Float32Array | undefined
  places: Float32Array
  indices: Uint32Array
}

/** The directions in which the texture of a triangle grows: to the right, and up. */
export interface Frame {
  right: Vec
  up: Vec
}

export function readPatch(primitive: Primitive): Patch {
  const read = (semantic: string) => {
    const accessor = primitive.getAttribute(semantic)
    return accessor ? valuesOf(accessor) : undefined
  }
  const positions = read('POSITION') ?? new Float32Array()
  return {
    positions,
    normals: read('NORMAL'),
    places: read('TEXCOORD_0') ?? new Float32Array((positions.length / 3) * 2),
    indices: indicesOf(primitive.getIndices(), positions.length / 3),
  }
}

function indicesOf(indices: Accessor | null, count: number): Uint32Array {
  const array = indices?.getArray()
  return array ? Uint32Array.from(array) : Uint32Array.from({ length: count }, (_, i) => i)
}

/** The position of a vertex in the texture. */
export function placeIn({ places }: Patch, vertex: number): [u: number, v: number] {
  return [places[vertex * 2] ?? 0, places[vertex * 2 + 1] ?? 0]
}

export function cornersOf({ indices }: Patch, triangle: number): number[] {
  return [...indices.subarray(triangle * 3, triangle * 3 + 3)]
}

/** Of length 1; zero for a triangle without area. */
export function faceOf(patch: Patch, triangle: number): Vec {
  return unit(normalOf(cornersOf(patch, triangle).map((vertex) => vertexAt(patch.positions, vertex))))
}

/** How a texture lies on a triangle. */
export function frameOf(patch: Patch, triangle: number): Frame {
  const corners = cornersOf(patch, triangle)
  const [a = [], b = [], c = []] = corners.map((vertex) => vertexAt(patch.positions, vertex))
  const [p = [], q = [], r = []] = corners.map((vertex) => placeIn(patch, vertex))
  const [e, f] = [minus(b, a), minus(c, a)]
  const [[du1 = 0, dv1 = 0], [du2 = 0, dv2 = 0]] = [minus(q, p), minus(r, p)]
  const sign = Math.sign(du1 * dv2 - du2 * dv1)
  const along = (x: number, y: number) => unit(e.map((value, i) => sign * (value * x + (f[i] ?? 0) * y)))
  // Rows of a texture count downwards.
  return { right: along(dv2, -dv1), up: along(du2, -du1) }
}

/** The normal at a place of a triangle, by the weights of its corners. */
export function normalAt(patch: Patch, triangle: number, weights: Vec): Vec {
  const { normals } = patch
  if (!normals) return faceOf(patch, triangle)
  const corners = cornersOf(patch, triangle)
  return unit(
    [0, 1, 2].map((axis) =>
      corners.reduce((sum, vertex, i) => sum + (normals[vertex * 3 + axis] ?? 0) * (weights[i] ?? 0), 0),
    ),
  )
}

/** The part of a direction that is perpendicular to another one. */
export function across(direction: Vec, normal: Vec): Vec {
  const along = dot(direction, normal)
  return unit(direction.map((value, axis) => value - along * (normal[axis] ?? 0)))
}

/** Writes how the texture is oriented at each vertex. */
export function writeTangents(document: Document, primitive: Primitive, patch: Patch): void {
  const buffer = primitive.getAttribute('POSITION')?.getBuffer() ?? null
  const tangents = document.createAccessor().setBuffer(buffer).setType('VEC4').setArray(tangentsOf(patch))
  primitive.setAttribute('TANGENT', tangents)
}

function tangentsOf(patch: Patch): Float32Array<ArrayBuffer> {
  const count = patch.positions.length / 3
  const rights = new Float64Array(count * 3)
  const ups = new Float64Array(count * 3)
  for (let triangle = 0; triangle < patch.indices.length / 3; triangle++) {
    const { right, up } = frameOf(patch, triangle)
    for (const vertex of cornersOf(patch, triangle)) {
      add(rights, vertex, right)
      add(ups, vertex, up)
    }
  }
  const tangents = new Float32Array(count * 4)
  for (let vertex = 0; vertex < count; vertex++) {
    const at = (values: ArrayLike<number>) => [0, 1, 2].map((axis) => values[vertex * 3 + axis] ?? 0)
    tangents.set(tangentOf({ right: at(rights), up: at(ups) }, at(patch.normals ?? [])), vertex * 4)
  }
  return tangents
}

function add(sums: Float64Array, vertex: number, direction: Vec): void {
  direction.forEach((value, axis) => {
    sums[vertex * 3 + axis] = (sums[vertex * 3 + axis] ?? 0) + value
  })
}

/** The fourth number says whether the texture is mirrored. */
function tangentOf({ right, up }: { right: Vec; up: Vec }, normal: Vec): Vec {
  const tangent = across(right, normal)
  const isSound = Math.hypot(...tangent) > 0.5
  const shown = isSound
    ? tangent
    : unit(cross(normal, Math.abs(normal[0] ?? 0) < 0.9 ? [1, 0, 0] : [0, 1, 0]))
  return [...shown, dot(cross(normal, shown), up) < 0 ? -1 : 1]
}
