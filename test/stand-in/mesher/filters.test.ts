import { describe, expect, it } from 'vitest'
import {
  boxBlur,
  close,
  dilate,
  erode,
  gauss,
  halve,
  invert,
  isAbove,
  open,
} from '../../../src/stand-in/mesher/filters.ts'
import { createPlane, type Plane } from '../../../src/stand-in/mesher/plane.ts'

/** 1 at one pixel of a 9 × 7 plane. */
function dot(x: number, y: number): Plane {
  const plane = createPlane(9, 7)
  plane.data[y * 9 + x] = 1
  return plane
}

function total({ data }: Plane): number {
  return data.reduce((sum, value) => sum + value, 0)
}

describe.each([
  ['gauss', (plane: Plane) => gauss(plane, 1.6)],
  ['gauss wider than the plane', (plane: Plane) => gauss(plane, 9)],
  ['boxBlur', (plane: Plane) => boxBlur(plane, 2)],
  ['boxBlur wider than the plane', (plane: Plane) => boxBlur(plane, 9)],
  ['dilate', (plane: Plane) => dilate(plane, 2)],
  ['erode', (plane: Plane) => erode(plane, 2)],
  ['open', (plane: Plane) => open(plane, 1)],
  ['close', (plane: Plane) => close(plane, 1)],
  ['halve', halve],
])('%s', (_, filter) => {
  it.each([
    [9, 7],
    [1, 1],
    [2, 5],
  ])('keeps a constant plane of %i × %i as it is', (width, height) => {
    const filtered = filter(createPlane(width, height, 0.7))

    for (const value of filtered.data) expect(value).toBeCloseTo(0.7, 5)
  })
})

describe('gauss', () => {
  it('spreads a dot evenly and keeps its sum', () => {
    const { data, ...size } = gauss(dot(4, 3), 0.8)

    expect(total({ data, ...size })).toBeCloseTo(1, 5)
    expect(data[3 * 9 + 3]).toBeCloseTo(data[3 * 9 + 5] ?? 0, 6)
    expect(data[2 * 9 + 4]).toBeCloseTo(data[3 * 9 + 3] ?? 0, 6)
  })
})

describe('boxBlur', () => {
  it('keeps the sum of a dot in the middle', () => {
    const plane = createPlane(41, 41)
    plane.data[20 * 41 + 20] = 1

    expect(total(boxBlur(plane, 2))).toBeCloseTo(1, 5)
  })
})

describe('dilate', () => {
  it('makes a square of a dot, cut at the border', () => {
    expect(total(dilate(dot(4, 3), 1))).toBe(9)
    expect(total(dilate(dot(0, 0), 1))).toBe(4)
  })
})

describe('erode', () => {
  it('undoes what dilating did to a dot', () => {
    expect(erode(dilate(dot(4, 3), 1), 1)).toEqual(dot(4, 3))
  })
})

describe('open', () => {
  it('removes a dot', () => {
    expect(total(open(dot(4, 3), 1))).toBe(0)
  })
})

describe('close', () => {
  it('fills a gap of one pixel', () => {
    expect(total(close(invert(dot(4, 3)), 1))).toBe(63)
  })
})

describe('halve', () => {
  it('takes the mean of four pixels', () => {
    expect(halve(dot(4, 3)).data[1 * 5 + 2]).toBe(0.25)
  })
})

describe('isAbove', () => {
  it('is 1 above the threshold and 0 at it', () => {
    expect(total(isAbove(dot(4, 3), 0.5))).toBe(1)
    expect(total(isAbove(dot(4, 3), 1))).toBe(0)
  })
})
