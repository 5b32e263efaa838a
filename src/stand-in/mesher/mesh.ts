import { at, byteAt, indexAt, clamp } from './plane.ts'

/** Triangles in pixels of the grid: x to the right, y up (so it is negative), z towards the viewer. */
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

/** Adds a unit normal to each vertex: the mean of its triangles, weighted by their area. */
export function addNormals(mesh: Mesh): ShadedMesh {
  const { positions, points, indices } = mesh
  const normals = new Float32Array(positions.length)
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [3 * indexAt(indices, i), 3 * indexAt(indices, i + 1), 3 * indexAt(indices, i + 2)]
    const [x, y, z] = areaVector(positions, a, b, c)
    for (let k = i; k < i + 3; k++) {
      // Vertices in the same place share their normal; otherwise a seam would be visible.
      const n = 3 * indexAt(points, indexAt(indices, k))
      normals[n] = at(normals, n) + x
      normals[n + 1] = at(normals, n + 1) + y
      normals[n + 2] = at(normals, n + 2) + z
    }
  }
  for (let vertex = 0; vertex < points.length; vertex++) {
    const point = indexAt(points, vertex)
    if (point === vertex) normalize(normals, 3 * vertex)
    else normals.copyWithin(3 * vertex, 3 * point, 3 * point + 3)
  }
  return { ...mesh, normals }
}

/** Points along the normal of a triangle; its length is twice the area. */
function areaVector(p: Float32Array, a: number, b: number, c: number): [number, number, number] {
  const ux = at(p, b) - at(p, a)
  const uy = at(p, b + 1) - at(p, a + 1)
  const uz = at(p, b + 2) - at(p, a + 2)
  const vx = at(p, c) - at(p, a)
  const vy = at(p, c + 1) - at(p, a + 1)
  const vz = at(p, c + 2) - at(p, a + 2)
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
}

function normalize(normals: Float32Array, i: number): void {
  const [x, y, z] = [at(normals, i), at(normals, i + 1), at(normals, i + 2)]
  const length = Math.sqrt(x * x + y * y + z * z)
  if (length === 0) {
    normals[i + 2] = 1
    return
  }
  normals[i] = x / length
  normals[i + 1] = y / length
  normals[i + 2] = z / length
}

/** Longest side of a model, as the service scales its own. */
const LONGEST_SIDE = 1.9

/** Moves the middle of the bounds to the origin and scales the longest side to 1.9. */
export function placeInScene(positions: Float32Array): Float32Array {
  const axes = [0, 1, 2].map((axis) => extent(positions, axis))
  const scale = LONGEST_SIDE / Math.max(...axes.map(({ min, max }) => max - min))
  const placed = new Float32Array(positions.length)
  axes.forEach(({ min, max }, axis) => {
    const middle = (min + max) / 2
    for (let i = axis; i < positions.length; i += 3) {
      placed[i] = clamp((at(positions, i) - middle) * scale, -LONGEST_SIDE / 2, LONGEST_SIDE / 2)
    }
  })
  return placed
}

function extent(positions: Float32Array, axis: number): { min: number; max: number } {
  let min = Infinity
  let max = -Infinity
  for (let i = axis; i < positions.length; i += 3) {
    min = Math.min(min, at(positions, i))
    max = Math.max(max, at(positions, i))
  }
  return { min, max }
}
