import { describe, expect, it } from 'vitest'
import { inflate } from '../../../src/stand-in/mesher/inflate.ts'
import { createPlane, mapPlane } from '../../../src/stand-in/mesher/plane.ts'

/** Level set of a disc in a square, in pixels. */
function disc(side: number, radius: number) {
  const middle = (side - 1) / 2
  return mapPlane(createPlane(side, side), (_, i) => {
    return radius - Math.hypot((i % side) - middle, Math.floor(i / side) - middle) || -1e-6
  })
}

describe('inflate', () => {
  it('makes a round body of a disc, highest in the middle', () => {
    const squares = inflate({ phi: disc(65, 25), rim: createPlane(65, 65) })

    const height = (x: number, y: number): number => Math.sqrt(squares.data[y * 65 + x] ?? 0)
    expect(height(32, 32)).toBeCloseTo(25, 0)
    expect(height(32 + 20, 32)).toBeCloseTo(Math.sqrt(25 ** 2 - 20 ** 2), 0)
    expect(height(32, 32 + 20)).toBeCloseTo(Math.sqrt(25 ** 2 - 20 ** 2), 0)
  })

  it('makes thin parts thin', () => {
    const wide = inflate({ phi: disc(65, 25), rim: createPlane(65, 65) })
    const narrow = inflate({ phi: disc(65, 5), rim: createPlane(65, 65) })

    expect(Math.max(...narrow.data)).toBeLessThan(Math.max(...wide.data) / 20)
  })

  it('stays flat outside', () => {
    const phi = disc(33, 10)

    const squares = inflate({ phi, rim: createPlane(33, 33) })

    squares.data.forEach((square, i) => expect(square > 0).toBe((phi.data[i] ?? 0) > 0))
  })

  it('is higher with a rim and lower where it is held down', () => {
    const phi = disc(33, 10)
    const plain = Math.max(...inflate({ phi, rim: createPlane(33, 33) }).data)

    expect(Math.max(...inflate({ phi, rim: createPlane(33, 33, 2) }).data)).toBeGreaterThan(plain)
    const screening = createPlane(33, 33, 0.5)
    expect(Math.max(...inflate({ phi, rim: createPlane(33, 33), screening }).data)).toBeLessThan(plain)
  })
})
