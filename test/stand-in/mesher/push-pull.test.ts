import { describe, expect, it } from 'vitest'
import { createPlane } from '../../../src/stand-in/mesher/plane.ts'
import { spreadColours } from '../../../src/stand-in/mesher/push-pull.ts'

describe('spreadColours', () => {
  it('fills everything with the only colour that is known', () => {
    const known = createPlane(7, 5)
    known.data[17] = 1
    const data = new Float32Array(7 * 5 * 3)
    data.set([10, 20, 30], 3 * 17)

    const spread = spreadColours({ data, width: 7, height: 5 }, known).data

    for (let i = 0; i < spread.length; i += 3) {
      expect(spread[i]).toBeCloseTo(10, 4)
      expect(spread[i + 1]).toBeCloseTo(20, 4)
      expect(spread[i + 2]).toBeCloseTo(30, 4)
    }
  })

  it('keeps what is known and goes smoothly from one colour to the other between', () => {
    const known = createPlane(16, 1)
    known.data[0] = known.data[15] = 1
    const data = new Float32Array(16 * 3)
    data.fill(100, 45)

    const reds = spreadColours({ data, width: 16, height: 1 }, known).data.filter((_, i) => i % 3 === 0)

    expect(reds[0]).toBe(0)
    expect(reds[15]).toBe(100)
    expect([...reds].sort((a, b) => a - b)).toEqual([...reds])
  })
})
