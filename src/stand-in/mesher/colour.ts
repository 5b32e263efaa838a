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
