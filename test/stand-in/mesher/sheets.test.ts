import { array, assert, boolean, double, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCrowdedEdges } from '../../../src/stand-in/mesher/repair.ts'
import { nonZero } from '../../../src/stand-in/mesher/level-set.ts'
import { createPlane, mapPlane } from '../../../src/stand-in/mesher/plane.ts'
import { spreadSheets } from '../../../src/stand-in/mesher/sheets.ts'
import { countDefects } from './topology.ts'

describe('spreadSheets', () => {
  it('gives each edge two triangles, whatever the outline', () => {
    const levels = array(double({ min: -1, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 })

    assert(
      property(levels, double({ min: 0.4, max: 1.6, noNaN: true }), boolean(), (values, step, seam) => {
        const phi = mapPlane(createPlane(8, 8), (_, i) => nonZero(values[i] ?? -1))
        const height = createPlane(8, 8, 4)

        const mesh = spreadSheets({ phi, front: height, back: height }, { step, seam })

        expect(findCrowdedEdges(mesh)).toEqual([])
        expect(countDefects(mesh)).toEqual({ edges: 0, degenerate: 0 })
      }),
      { numRuns: 200 },
    )
  })

  it('has a second vertex for the back sheet along the rim when there is a seam', () => {
    const phi = mapPlane(
      createPlane(12, 12),
      (_, i) => 4 - Math.hypot((i % 12) - 5.5, Math.floor(i / 12) - 5.5) || -1,
    )
    const height = createPlane(12, 12, 4)

    const without = spreadSheets({ phi, front: height, back: height }, { step: 1, seam: false })
    const withSeam = spreadSheets({ phi, front: height, back: height }, { step: 1, seam: true })

    expect(withSeam.indices.length).toBe(without.indices.length)
    expect(withSeam.sides.length).toBeGreaterThan(without.sides.length)
    expect(new Set(withSeam.points).size).toBe(without.sides.length)
  })
})
