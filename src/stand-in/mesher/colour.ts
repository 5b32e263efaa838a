import { at, byteAt, createPlane, type Plane, clamp } from './plane.ts'

/** CIE Lab: `l` from 0 to 100; distances roughly match perception. */
export interface Lab {
  l: Plane
  a: Plane
  b: Plane
}

/** Converts sRGB pixels (RGBA bytes, alpha ignored). */
export function toLab(pixels: Uint8Array, width: number, height: number): Lab {
  const [l, a, b] = [createPlane(width, height), createPlane(width, height), createPlane(width, height)]
  for (let i = 0, p = 0; i < l.data.length; i++, p += 4) {
    const red = at(LINEAR, byteAt(pixels, p))
    const green = at(LINEAR, byteAt(pixels, p + 1))
    const blue = at(LINEAR, byteAt(pixels, p + 2))
    const x = perceived(0.4339 * red + 0.3762 * green + 0.1899 * blue)
    const y = perceived(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    const z = perceived(0.0177 * red + 0.1095 * green + 0.8728 * blue)
    l.data[i] = 116 * y - 16
    a.data[i] = 500 * (x - y)
    b.data[i] = 200 * (y - z)
  }
  return { l, a, b }
}

export function mapLab({ l, a, b }: Lab, filter: (plane: Plane) => Plane): Lab {
  return { l: filter(l), a: filter(a), b: filter(b) }
}

/** The three planes side by side, as {@link Colours}. */
export function interleave({ l, a, b }: Lab): Colours {
  const { width, height } = l
  const data = new Float32Array(width * height * 3)
  for (let i = 0, c = 0; c < data.length; i++, c += 3) {
    data[c] = at(l.data, i)
    data[c + 1] = at(a.data, i)
    data[c + 2] = at(b.data, i)
  }
  return { data, width, height }
}

const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const c = byte / 255
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
})

const STEPS = 4096
const PERCEIVED = Float32Array.from({ length: STEPS + 1 }, (_, step) => {
  const t = step / STEPS
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116
})

function perceived(linear: number): number {
  return at(PERCEIVED, Math.min(STEPS, Math.round(linear * STEPS)))
}

/** How an image differs from its backdrop, per pixel, in Lab units. */
export interface Difference {
  distance: Plane
  /** The same if the pixel is lighter; if it is darker, the distance of its chroma from the backdrop in shadow. */
  shadowDistance: Plane
  /** Steepness of the image itself, per pixel. */
  slope: Plane
}

export function measureDifference(lab: Lab, backdrop: Lab): Difference {
  const { width, height } = lab.l
  const difference = {
    distance: createPlane(width, height),
    shadowDistance: createPlane(width, height),
    slope: slopeOf(lab),
  }
  for (let i = 0; i < width * height; i++) compare(lab, backdrop, i, difference)
  return difference
}

function compare(lab: Lab, backdrop: Lab, i: number, { distance, shadowDistance }: Difference): void {
  const lightness = at(lab.l.data, i)
  const behind = at(backdrop.l.data, i)
  const [a, b] = [at(lab.a.data, i), at(lab.b.data, i)]
  const [behindA, behindB] = [at(backdrop.a.data, i), at(backdrop.b.data, i)]
  const whole = Math.sqrt((lightness - behind) ** 2 + (a - behindA) ** 2 + (b - behindB) ** 2)
  // In shadow, a backdrop loses chroma in proportion to its light.
  const lit = clamp(lightness / Math.max(1, behind), 0.2, 1)
  const chroma = Math.sqrt((a - behindA * lit) ** 2 + (b - behindB * lit) ** 2)
  distance.data[i] = whole
  shadowDistance.data[i] = lightness < behind ? chroma : whole
}

function slopeOf({ l, a, b }: Lab): Plane {
  const { width, height } = l
  const slope = createPlane(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const up = y > 0 ? width : 0
    const down = y < height - 1 ? width : 0
    for (let x = 0; x < width; x++, i++) {
      const left = x > 0 ? i - 1 : i
      const right = x < width - 1 ? i + 1 : i
      const squares =
        squaredSlope(l.data, left, right, i - up, i + down) +
        squaredSlope(a.data, left, right, i - up, i + down) +
        squaredSlope(b.data, left, right, i - up, i + down)
      slope.data[i] = 0.5 * Math.sqrt(squares)
    }
  }
  return slope
}

function squaredSlope(data: Float32Array, left: number, right: number, above: number, below: number): number {
  const across = at(data, right) - at(data, left)
  const down = at(data, below) - at(data, above)
  return across * across + down * down
}

/** Three numbers for each pixel, side by side: RGB or Lab. */
export interface Colours {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
}

/**
 * Spreads known colours smoothly over the pixels where none is known.
 *
 * 1. Push: halve again and again, averaging what is known, until one pixel is left.
 * 2. Pull: going back up, fill what is unknown from the coarser level.
 *
 * `known` weighs each pixel from 0 (unknown) to 1.
 */
export function spreadColours(colours: Colours, known: Plane): Colours {
  const levels = [finest(colours, known)]
  for (let level = levels[0]; level && (level.width > 1 || level.height > 1);) {
    level = coarser(level)
    levels.push(level)
  }
  levels.reduceRight((below, level) => {
    fillFrom(below, level)
    return level
  })
  return levels[0] ?? colours
}

interface Level extends Colours {
  /** Colours are multiplied by this weight; at most 1. */
  readonly weight: Float32Array
}

function finest({ data, width, height }: Colours, known: Plane): Level {
  const weighted = new Float32Array(data.length)
  for (let i = 0, c = 0; c < data.length; i++, c += 3) {
    const weight = at(known.data, i)
    weighted[c] = at(data, c) * weight
    weighted[c + 1] = at(data, c + 1) * weight
    weighted[c + 2] = at(data, c + 2) * weight
  }
  return { data: weighted, weight: known.data, width, height }
}

function coarser({ data, weight, width, height }: Level): Level {
  const half = createPlane((width + 1) >> 1, (height + 1) >> 1)
  const total = new Float32Array(half.data.length * 3)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const w = at(weight, i)
      if (w === 0) continue
      const p = (y >> 1) * half.width + (x >> 1)
      half.data[p] = at(half.data, p) + w
      addColour(total, 3 * p, data, 3 * i)
    }
  }
  limitWeights(total, half.data)
  return { data: total, weight: half.data, width: half.width, height: half.height }
}

function addColour(to: Float32Array, t: number, from: Float32Array, f: number): void {
  to[t] = at(to, t) + at(from, f)
  to[t + 1] = at(to, t + 1) + at(from, f + 1)
  to[t + 2] = at(to, t + 2) + at(from, f + 2)
}

function limitWeights(data: Float32Array, weight: Float32Array): void {
  for (let i = 0, c = 0; i < weight.length; i++, c += 3) {
    const w = at(weight, i)
    if (w <= 1) continue
    data[c] = at(data, c) / w
    data[c + 1] = at(data, c + 1) / w
    data[c + 2] = at(data, c + 2) / w
    weight[i] = 1
  }
}

/** Fills up to full weight, bilinearly from the coarser level. */
function fillFrom(coarse: Colours, level: Level): void {
  const { data, weight, width, height } = level
  for (let y = 0, i = 0; y < height; y++) {
    const v = Math.max(0, (y - 0.5) / 2)
    const row = Math.floor(v)
    const upper = row * coarse.width
    const lower = Math.min(row + 1, coarse.height - 1) * coarse.width
    for (let x = 0; x < width; x++, i++) {
      const missing = 1 - at(weight, i)
      if (missing <= 0) continue
      const u = Math.max(0, (x - 0.5) / 2)
      const left = Math.floor(u)
      const right = Math.min(left + 1, coarse.width - 1)
      const fx = u - left
      const bottom = missing * (v - row)
      const top = missing - bottom
      addWeighted(data, 3 * i, coarse.data, 3 * (upper + left), top * (1 - fx))
      addWeighted(data, 3 * i, coarse.data, 3 * (upper + right), top * fx)
      addWeighted(data, 3 * i, coarse.data, 3 * (lower + left), bottom * (1 - fx))
      addWeighted(data, 3 * i, coarse.data, 3 * (lower + right), bottom * fx)
    }
  }
}

function addWeighted(to: Float32Array, t: number, from: Float32Array, f: number, weight: number): void {
  to[t] = at(to, t) + weight * at(from, f)
  to[t + 1] = at(to, t + 1) + weight * at(from, f + 1)
  to[t + 2] = at(to, t + 2) + weight * at(from, f + 2)
}
