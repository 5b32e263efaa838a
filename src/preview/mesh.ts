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
  let count = 0
  const indices = mesh.indices.map((vertex) => {
    if (renumbered[vertex] === 0) {
      used[count++] = vertex
      renumbered[vertex] = count
    }
    return (renumbered[vertex] ?? 1) - 1
  })
  return { ...pickVertices(mesh, used.subarray(0, count)), indices }
}

/** The attributes of the chosen vertices, in the order given. */
export function pickVertices(mesh: ShadedMesh, vertices: Uint32Array): Omit<ShadedMesh, 'indices'> {
  return {
    positions: pickTriples(mesh.positions, vertices),
    normals: pickTriples(mesh.normals, vertices),
    sides: Uint8Array.from(vertices, (vertex) => mesh.sides[vertex] ?? 0),
    points: Uint32Array.from(vertices, (vertex) => mesh.points[vertex] ?? 0),
  }
}

function pickTriples(source: Float32Array, vertices: Uint32Array): Float32Array {
  const picked = new Float32Array(vertices.length * 3)
  vertices.forEach((vertex, i) => picked.set(source.subarray(3 * vertex, 3 * vertex + 3), 3 * i))
  return picked
}
