import type { Simplifier } from './libraries.ts'
import type { ShadedMesh } from './mesh.ts'

/** How much a turned normal weighs against a moved vertex. */
const NORMAL_WEIGHT = 0.25

/** Brings a closed mesh down to a number of triangles. Such meshes have even counts: an odd one becomes the next lower. */
export function simplify(simplifier: Simplifier, mesh: ShadedMesh, triangles: number): ShadedMesh {
  const target = (triangles - (triangles % 2)) * 3
  if (mesh.indices.length <= target) return mesh
  const [indices] = simplifier.simplifyWithAttributes(
    mesh.indices,
    mesh.positions,
    3,
    mesh.normals,
    3,
    [NORMAL_WEIGHT, NORMAL_WEIGHT, NORMAL_WEIGHT],
    null,
    target,
    1,
  )
  return { ...mesh, indices }
}
