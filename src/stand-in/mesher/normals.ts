import { at, indexAt } from './plane.ts'
import type { Mesh, ShadedMesh } from './mesh.ts'

/** Adds a unit normal to each vertex: the mean of its triangles, weighted by their area. */
export function addNormals(mesh: Mesh): ShadedMesh {
  const { positions, points, indices } = mesh
  const normals = new Float32Array(positions.length)
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [3 * indexAt(indices, i), 3 * indexAt(indices, i + 1), 3 * indexAt(indices, i + 2)]
    const [x, y, z] = areaVector(positions, a, b, c)
    for (let k = i; k < i + 3; k++) {
      // Vertices in one place share their normal, or a seam would show.
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
