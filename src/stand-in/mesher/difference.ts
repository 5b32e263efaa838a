import type { Lab } from './colour.ts'
import { at, clamp, createPlane } from './plane.ts'
import type { Plane } from './plane.ts'

/** How a picture differs from its backdrop, per pixel, in Lab units. */
export interface Difference {
  distance: Plane
  /** The same where the pixel is lighter; where it is darker, its chroma's distance from the backdrop in shadow. */
  shadowDistance: Plane
  /** Steepness of the picture itself, per pixel. */
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
