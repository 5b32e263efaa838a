import { boxBlur, gauss, isAbove } from './filters.ts'
import { nonZero, PADDING, type Shape } from './level-set.ts'
import { at, clamp, createPlane, mapPlane, sum, type Plane } from './plane.ts'
import type { Heights } from './relief.ts'

/** All as fractions of the longer side of the grid. */
const CORNER = 0.045
const THICKNESS = 0.035
const RELIEF = 0.05
const FINE_RELIEF = 0.012
/** Rim offset, in pixels. */
const RIM = 2
/** Width of the bevel, and where the relief starts and is full, in pixels from the outline. */
const BEVEL = 8
const RELIEF_FROM = 3
const RELIEF_OVER = 14

/** An image that shows no separable object becomes a postcard: its outline is a rounded rectangle. */
export function slabShape(shape: Shape): Shape {
  const phi = mapPlane(distanceInside(shape.phi), (d) => nonZero(clamp(d, -1, 1)))
  return { ...shape, phi, inside: isAbove(phi, 0) }
}

/** A bevelled plate, with a low relief of the image's brightness on the front. */
export function slabHeights({ phi, lab }: Shape): Heights {
  const size = Math.max(phi.width, phi.height)
  const depth = distanceInside(phi)
  const plate = mapPlane(depth, (d) => (d > 0 ? size * THICKNESS * bevel(d) : 0))
  const relief = reliefOf(lab.l, size)
  const front = mapPlane(plate, (height, i) => {
    const d = at(depth.data, i)
    return d > 0 ? height + clamp((d - RELIEF_FROM) / RELIEF_OVER, 0, 1) * at(relief.data, i) : 0
  })
  return { front, back: plate, rim: mapPlane(depth, (d) => (d > 0 ? RIM : 0)) }
}

/** Distance from the outline of a rounded rectangle, above zero inside. */
function distanceInside({ width, height }: Plane): Plane {
  const corner = Math.max(width, height) * CORNER
  const distance = createPlane(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const v = Math.abs(y - (height - 1) / 2) - (height / 2 - PADDING - 0.5 - corner)
    for (let x = 0; x < width; x++, i++) {
      const u = Math.abs(x - (width - 1) / 2) - (width / 2 - PADDING - 0.5 - corner)
      const beyond = Math.hypot(Math.max(0, u), Math.max(0, v)) + Math.min(0, Math.max(u, v))
      distance.data[i] = corner - beyond
    }
  }
  return distance
}

/** 0.5 at the outline, rising to 1 along a quarter of a circle. */
function bevel(distance: number): number {
  const t = clamp(distance / BEVEL, 0, 1)
  return 0.5 + 0.5 * Math.sqrt(1 - (1 - t) ** 2)
}

function reliefOf(lightness: Plane, size: number): Plane {
  const broad = boxBlur(lightness, 6)
  const fine = gauss(lightness, 1.2)
  const mean = sum(broad) / broad.data.length
  return mapPlane(broad, (value, i) => {
    const coarse = clamp((value - mean) / 40, -0.6, 1)
    const detail = clamp((at(fine.data, i) - value) / 20, -1, 1)
    return size * (RELIEF * coarse + FINE_RELIEF * detail)
  })
}
