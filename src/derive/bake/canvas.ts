import type { Hit } from './nearest-triangle.ts'

/** A square image with four channels, and which of its texels are painted. */
export interface Canvas {
  side: number
  pixels: Uint8Array
  painted: Uint8Array
}

/** An image that is read from. */
export interface Pixels {
  width: number
  height: number
  /** Four channels. */
  data: Uint8Array
}

export function createCanvas(side: number): Canvas {
  return { side, pixels: new Uint8Array(side * side * 4), painted: new Uint8Array(side * side) }
}

export type Corner = readonly [u: number, v: number]

/** Calls back with each texel whose center is in a triangle, and where in the triangle it is. */
export function eachTexel(
  side: number,
  [a, b, c]: readonly [Corner, Corner, Corner],
  visit: (texel: number, weights: Hit['weights']) => void,
): void {
  const [left, right] = range(side, [a[0], b[0], c[0]])
  const [top, bottom] = range(side, [a[1], b[1], c[1]])
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
  if (area === 0) return
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [u, v] = [(x + 0.5) / side - a[0], (y + 0.5) / side - a[1]]
      const second = (u * (c[1] - a[1]) - v * (c[0] - a[0])) / area
      const third = (v * (b[0] - a[0]) - u * (b[1] - a[1])) / area
      const first = 1 - second - third
      if (Math.min(first, second, third) >= 0) visit(y * side + x, [first, second, third])
    }
  }
}

function range(side: number, values: number[]): [number, number] {
  const clamp = (value: number) => Math.min(side - 1, Math.max(0, Math.floor(value)))
  return [clamp(Math.min(...values) * side), clamp(Math.max(...values) * side)]
}

/** What a texture shows at a place, as viewers blend it: it repeats beyond its sides. Writes four numbers. */
export function sample({ width, height, data }: Pixels, u: number, v: number, found: Float64Array): void {
  const [x, y] = [wrap(u) * width - 0.5, wrap(v) * height - 0.5]
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [s, t] = [x - left, y - top]
  const columns = [((left + width) % width) * 4, ((left + 1) % width) * 4] as const
  const rows = [((top + height) % height) * width * 4, ((top + 1) % height) * width * 4] as const
  for (let channel = 0; channel < 4; channel++) {
    const at = (row: number, column: number) => data[row + column + channel] ?? 0
    const upper = at(rows[0], columns[0]) * (1 - s) + at(rows[0], columns[1]) * s
    const lower = at(rows[1], columns[0]) * (1 - s) + at(rows[1], columns[1]) * s
    found[channel] = upper * (1 - t) + lower * t
  }
}

function wrap(value: number): number {
  return value - Math.floor(value)
}

/**
 * Fills unpainted texels from what is near: first with averages of larger and larger blocks. The reduced versions of a
 * texture that viewers create for distant objects then show no artifacts.
 */
export function fillGaps({ side, pixels, painted }: Canvas): void {
  if (side <= 1) return
  const half = createCanvas(Math.ceil(side / 2))
  halve({ side, pixels, painted }, half)
  fillGaps(half)
  for (let texel = 0; texel < side * side; texel++) {
    if (painted[texel]) continue
    const from = blockOf(texel, side, half.side) * 4
    pixels.set(half.pixels.subarray(from, from + 4), texel * 4)
  }
}

function halve({ side, pixels, painted }: Canvas, half: Canvas): void {
  const sums = new Float64Array(half.side * half.side * 5)
  for (let texel = 0; texel < side * side; texel++) {
    if (!painted[texel]) continue
    const block = blockOf(texel, side, half.side) * 5
    for (let channel = 0; channel < 4; channel++) {
      sums[block + channel] = (sums[block + channel] ?? 0) + (pixels[texel * 4 + channel] ?? 0)
    }
    sums[block + 4] = (sums[block + 4] ?? 0) + 1
  }
  for (let block = 0; block < half.painted.length; block++) {
    const count = sums[block * 5 + 4] ?? 0
    if (count === 0) continue
    half.painted[block] = 1
    const means = sums.subarray(block * 5, block * 5 + 4).map((sum) => Math.round(sum / count))
    half.pixels.set(means, block * 4)
  }
}

function blockOf(texel: number, side: number, halfSide: number): number {
  return (Math.floor(texel / side) >> 1) * halfSide + ((texel % side) >> 1)
}
