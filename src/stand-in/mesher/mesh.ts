import { at, byteAt, indexAt } from './plane.ts'

/** Triangles in pixels of the grid: x to the right, y up (so it is negative), z to the viewer. */
export interface Mesh {
  positions: Float32Array
  /** What each vertex belongs to, for its texture. */
  sides: Uint8Array
  /** Number of the place of each vertex: vertices that differ only in texture share one. */
  points: Uint32Array
  indices: Uint32Array
}

/** Which part of the texture a vertex shows. */
export const SIDE = { front: 0, back: 1 } as const

/** A mesh with unit normals. */
export interface ShadedMesh extends Mesh {
  normals: Float32Array
}

/** The same mesh with only the vertices that its triangles use, in order of their use. */
export function compact(mesh: ShadedMesh): ShadedMesh {
  const renumbered = new Uint32Array(mesh.sides.length)
  const used = new Uint32Array(mesh.sides.length)
  const indices = new Uint32Array(mesh.indices.length)
  let count = 0
  for (let i = 0; i < indices.length; i++) {
    const vertex = indexAt(mesh.indices, i)
    if (indexAt(renumbered, vertex) === 0) {
      used[count++] = vertex
      renumbered[vertex] = count
    }
    indices[i] = indexAt(renumbered, vertex) - 1
  }
  return { ...pickVertices(mesh, used.subarray(0, count)), indices }
}

/** The attributes of the chosen vertices, in the order given. */
export function pickVertices(mesh: ShadedMesh, vertices: Uint32Array): Omit<ShadedMesh, 'indices'> {
  const sides = new Uint8Array(vertices.length)
  const points = new Uint32Array(vertices.length)
  for (let i = 0; i < vertices.length; i++) {
    const vertex = indexAt(vertices, i)
    sides[i] = byteAt(mesh.sides, vertex)
    points[i] = indexAt(mesh.points, vertex)
  }
  return {
    positions: pickTriples(mesh.positions, vertices),
    normals: pickTriples(mesh.normals, vertices),
    sides,
    points,
  }
}

function pickTriples(source: Float32Array, vertices: Uint32Array): Float32Array {
  const picked = new Float32Array(vertices.length * 3)
  for (let i = 0; i < vertices.length; i++) {
    const from = 3 * indexAt(vertices, i)
    picked[3 * i] = at(source, from)
    picked[3 * i + 1] = at(source, from + 1)
    picked[3 * i + 2] = at(source, from + 2)
  }
  return picked
}
