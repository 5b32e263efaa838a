import type { Primitive } from '@gltf-transform/core'

/** A primitive of triangles, and where its vertices are in the surface. */
export interface Part {
  primitive: Primitive
  /** How often it is drawn. */
  times: number
  /** Its first vertex in the surface, and the one behind its last. */
  start: number
  end: number
}

/** All triangles that a model draws as one surface in its rest pose, so that one measure of error holds for all of it. */
export interface Surface {
  parts: Part[]
  positions: Float32Array<ArrayBuffer>
  /** What else must not change much, `TRAITS` numbers for each vertex. */
  traits: Float32Array<ArrayBuffer>
  indices: Uint32Array<ArrayBuffer>
  /** Vertices that two parts share: parts stay together there. */
  borders: Uint8Array<ArrayBuffer>
  /** Those, and vertices that are in more than one place of the texture. */
  seams: Uint8Array<ArrayBuffer>
}
