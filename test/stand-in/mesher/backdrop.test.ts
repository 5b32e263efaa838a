import { describe, expect, it } from 'vitest'
import { segment } from '../../../src/stand-in/mesher/backdrop.ts'
import { toLab } from '../../../src/stand-in/mesher/colour.ts'

const SIDE = 96

/** Lab of a picture that is painted pixel by pixel. */
function paint(colour: (x: number, y: number) => [number, number, number]) {
  const pixels = new Uint8Array(SIDE * SIDE * 4)
  for (let i = 0; i < SIDE * SIDE; i++) pixels.set([...colour(i % SIDE, Math.floor(i / SIDE)), 255], 4 * i)
  return toLab(pixels, SIDE, SIDE)
}

const middle = (SIDE - 1) / 2
const radius = (x: number, y: number): number => Math.hypot(x - middle, y - middle)
const RED: [number, number, number] = [200, 40, 40]

describe('segment', () => {
  it('finds a disc on a graded backdrop', () => {
    const found = segment(paint((x, y) => (radius(x, y) < 25 ? RED : [180 + y / 2, 200 + y / 3, 210])))

    const area = found?.mask.data.reduce((total, value) => total + value, 0)
    expect(area).toBeGreaterThan(Math.PI * 24 ** 2)
    expect(area).toBeLessThan(Math.PI * 27 ** 2)
  })

  it('opens a hole that shows the backdrop', () => {
    const found = segment(paint((x, y) => (radius(x, y) < 30 && radius(x, y) > 12 ? RED : [210, 210, 200])))

    expect(found?.mask.data[48 * SIDE + 48]).toBe(0)
    expect(found?.mask.data[48 * SIDE + 48 + 20]).toBe(1)
  })

  it('takes a soft shadow for backdrop', () => {
    const found = segment(
      paint((x, y) => {
        const shade = 1 - 0.4 * Math.exp(-(((x - middle) / 25) ** 2) - ((y - 75) / 7) ** 2)
        return radius(x, y) < 22 ? RED : [220 * shade, 215 * shade, 205 * shade]
      }),
    )

    expect(found?.mask.data[80 * SIDE + 48]).toBe(0)
  })

  it('keeps a grey object on white, which looks like shadow', () => {
    const found = segment(
      paint((x, y) => {
        const grey = 150 + 90 * Math.min(1, radius(x, y) / 30)
        return radius(x, y) < 30 ? [grey, grey, grey] : [255, 255, 255]
      }),
    )

    expect(found?.mask.data[48 * SIDE + 48]).toBe(1)
  })

  it('finds nothing on a backdrop of two colours', () => {
    expect(
      segment(paint((x, y) => (radius(x, y) < 20 ? RED : y < 50 ? [255, 255, 255] : [20, 60, 20]))),
    ).toBeUndefined()
  })

  it('finds nothing when the object is cropped by the border', () => {
    expect(segment(paint((x, y) => (y > 15 && x > 4 && x < 91 ? RED : [250, 250, 250])))).toBeUndefined()
  })

  it('finds contours in the backdrop where it has the colour of the object', () => {
    const faint = (x: number, y: number): [number, number, number] =>
      radius(x, y) < 36 && radius(x, y) > 34 ? [243, 243, 243] : [255, 255, 255]

    expect(segment(paint((x, y) => (radius(x, y) < 15 ? RED : faint(x, y))))?.lookalike).toBeGreaterThan(
      0.005,
    )
    expect(segment(paint((x, y) => (radius(x, y) < 15 ? RED : [255, 255, 255])))?.lookalike).toBe(0)
  })
})
