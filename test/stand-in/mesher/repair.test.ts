import { describe, expect, it } from 'vitest'
import type { ShadedMesh } from '../../../src/stand-in/mesher/mesh.ts'
import { findCrowdedEdges, repair } from '../../../src/stand-in/mesher/repair.ts'
import { countDefects } from './topology.ts'

/** Tetrahedra by their corners, outward triangles. */
function tetrahedra(positions: number[][], solids: [number, number, number, number][]): ShadedMesh {
  const indices = solids.flatMap(([a, b, c, d]) => [a, b, c, a, c, d, a, d, b, b, d, c])
  return {
    positions: Float32Array.from(positions.flat()),
    normals: Float32Array.from(positions.flatMap(() => [0, 0, 1])),
    sides: new Uint8Array(positions.length),
    points: Uint32Array.from(positions, (_, i) => i),
    indices: Uint32Array.from(indices),
  }
}

const EDGE = [
  [0, 0, 0],
  [0, 0, 1],
]

describe('repair', () => {
  it('leaves a sound mesh as it is', () => {
    const sound = tetrahedra([...EDGE, [1, 0, 0], [0, 1, 0]], [[0, 1, 2, 3]])

    expect(repair(sound)).toBe(sound)
  })

  it('separates two bodies that share an edge', () => {
    const pinched = tetrahedra([...EDGE, [1, 0, 0], [1, 1, 0], [-1, 0, 0], [-1, -1, 0]], [[0, 1, 2, 3], [0, 1, 4, 5]])
    expect(findCrowdedEdges(pinched)).toHaveLength(1)

    const repaired = repair(pinched)

    expect(repaired.indices.length).toBe(pinched.indices.length)
    expect(countDefects(repaired)).toEqual({ edges: 0, degenerate: 0 })
    expect(repaired.points.length).toBeGreaterThan(pinched.points.length)
  }) // prettier-ignore

  it('separates three bodies that share an edge', () => {
    const corners = [...EDGE, [2, 0, 0], [2, 1, 0], [-1, 2, 0], [-2, 1, 0], [0, -2, 0], [1, -2, 0]]
    const pinched = tetrahedra(corners, [[0, 1, 2, 3], [0, 1, 4, 5], [0, 1, 6, 7]])

    expect(countDefects(repair(pinched))).toEqual({ edges: 0, degenerate: 0 })
  }) // prettier-ignore
})
