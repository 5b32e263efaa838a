import type { Document, Primitive } from '@gltf-transform/core'
import { cross, dot, type Vec } from '../simplify/vectors.ts'
import { across, cornersOf, frameOf, unit, type Patch } from './patch.ts'

/** Writes which way the texture lies at each vertex. */
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

/** The fourth number tells whether the texture is mirrored. */
function tangentOf({ right, up }: { right: Vec; up: Vec }, normal: Vec): Vec {
  const tangent = across(right, normal)
  const isSound = Math.hypot(...tangent) > 0.5
  const shown = isSound
    ? tangent
    : unit(cross(normal, Math.abs(normal[0] ?? 0) < 0.9 ? [1, 0, 0] : [0, 1, 0]))
  return [...shown, dot(cross(normal, shown), up) < 0 ? -1 : 1]
}
