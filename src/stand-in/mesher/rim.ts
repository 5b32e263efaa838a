import { gauss } from './filters.ts'
import type { Shape } from './level-set.ts'
import { at, boundingBox, clamp, createPlane, mapPlane, smoothStep } from './plane.ts'
import type { Box, Plane } from './plane.ts'

/** Sizes are tuned on objects of 256 pixels and scale with the grid. */
export const TUNED_SIZE = 256

/** How far beyond the outline the body would end, in pixels: keeps some thickness at the rim. */
const RIM = 0.4
/** The same for outlines made of straight upright and level lines: a box instead of a lens. */
const BOX_RIM = 11
/** The same for the soles of feet: they end flat, and the object stands. */
const FOOT_RIM = 30
/** Cosine of the angle up to which an outline counts as upright or level. */
const AXIS_ALIGNED = 0.992
/** Share of such outline from which an object starts to be a box, and over how much more it becomes one. */
const BOXY = { from: 0.43, over: 0.25 }

/** The rim offset for each grid point inside of the object. */
export function rimOffsets({ phi, inside }: Shape): Plane {
  const size = Math.max(phi.width, phi.height) / TUNED_SIZE
  const outline = traceOutline(phi, gauss(inside, 2.2 * size), boundingBox(inside))
  const boxiness = clamp((outline.axisAligned - BOXY.from) / BOXY.over, 0, 1)
  const feet = gauss(outline.feet, 1.5)
  return mapPlane(phi, (level, i) => {
    if (level <= 0) return 0
    return size * (RIM + BOX_RIM * boxiness + FOOT_RIM * clamp(at(feet.data, i) * 3, 0, 1))
  })
}

interface Outline {
  /** Share of the outline that is upright or level. */
  axisAligned: number
  /** 1 where the outline is the sole of a foot. */
  feet: Plane
}

function traceOutline(phi: Plane, smooth: Plane, box: Box | undefined): Outline {
  const { width, height } = phi
  const feet = createPlane(width, height)
  const { top, bottom } = box ?? { top: 0, bottom: height }
  let length = 0
  let aligned = 0
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const i = y * width + x
      if (!isOutline(phi, i)) continue
      const normal = outwards(smooth, i)
      length++
      if (Math.max(Math.abs(normal.x), Math.abs(normal.y)) > AXIS_ALIGNED) aligned++
      feet.data[i] = smoothStep(0.82, 0.96, normal.y) * smoothStep(0.8, 0.93, (y - top) / (bottom - top))
    }
  }
  return { axisAligned: aligned / Math.max(1, length), feet }
}

function isOutline({ data, width }: Plane, i: number): boolean {
  const outside = [i - 1, i + 1, i - width, i + width].some((neighbour) => at(data, neighbour) <= 0)
  return at(data, i) > 0 && outside
}

/** Unit vector out of the object, y down. */
function outwards({ data, width }: Plane, i: number): { x: number; y: number } {
  const x = at(data, i - 1) - at(data, i + 1)
  const y = at(data, i - width) - at(data, i + width)
  const length = Math.sqrt(x * x + y * y) || 1
  return { x: x / length, y: y / length }
}
