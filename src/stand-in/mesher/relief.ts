import { mapLab, type Lab } from './colour.ts'
import { boxBlur, close, gauss, halve, open } from './filters.ts'
import { inflate } from './inflate.ts'
import type { Shape } from './level-set.ts'
import { at, clamp, createPlane, mapPlane, sample, boundingBox, smoothStep } from './plane.ts'
import type { Plane, Box } from './plane.ts'

/** Height of both sides of a body over the image plane, in grid pixels. */
export interface Heights {
  front: Plane
  /** The same plane as `front` if both sides are alike. */
  back: Plane
  /** Rim offset: see `inflate.ts`. */
  rim: Plane
}

/** Thickness of a body: 1 turns discs into spheres. */
const DEPTH = 0.75
/** Share of the grooved height in the mix. */
const GROOVES = 0.55
const MAX_GAIN = 1.35
/** Colour slope where a groove starts, and over how much more it reaches its full depth, in Lab units per pixel. */
const EDGE = { from: 2, over: 5 }
const FULL_GROOVE = 0.5
/** Specks up to this radius make no grooves: otherwise eyes become pits. */
const SPECK = 2
/** Largest bump from brightness, as a share of the grid. */
const BUMP = 0.006

/**
 * Heights of a body with the shape of its outline and the relief of its colours.
 *
 * `alike` gives the back the same relief as the front; otherwise the back is smooth.
 */
export function bodyHeights(shape: Shape, alike: boolean): Heights {
  const { phi, lab } = shape
  const rim = rimOffsets(shape)
  const smooth = toHeight(inflate({ phi, rim }))
  const grooved = toHeight(inflate({ phi, rim, screening: colourEdges(lab, phi) }))
  const front = addBumps(mixGrooves(smooth, grooved), shape)
  return { front, back: alike ? front : smooth, rim }
}

function toHeight(squares: Plane): Plane {
  return mapPlane(squares, (square) => (square > 0 ? DEPTH * Math.sqrt(square) : 0))
}

/** Where colours change, the membrane is held down, so that areas of one colour bulge individually. */
function colourEdges(lab: Lab, phi: Plane): Plane {
  const small = mapLab(lab, (channel) => gauss(open(close(halve(channel), SPECK), SPECK), 0.6))
  const { width, height } = small.l
  const strength = createPlane(width, height)
  for (const { data } of [small.l, small.a, small.b]) addSquaredSlope(data, strength)
  const edges = mapPlane(strength, (squares) => {
    const edge = clamp((Math.sqrt(squares) / 4 - EDGE.from) / EDGE.over, 0, 1)
    return FULL_GROOVE * edge * edge
  })
  return mapPlane(phi, (level, i) => {
    if (level <= 0) return 0
    const x = ((i % phi.width) - 0.5) / 2
    const y = (Math.floor(i / phi.width) - 0.5) / 2
    return sample(edges.data, width, height, x, y)
  })
}

function addSquaredSlope(data: Float32Array, total: Plane): void {
  const { width, height } = total
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      const across = at(data, i + 1) - at(data, i - 1)
      const down = at(data, i + width) - at(data, i - width)
      total.data[i] = at(total.data, i) + across * across + down * down
    }
  }
}

/** Scaled up again afterwards, so that the body keeps its volume. */
function mixGrooves(smooth: Plane, grooved: Plane): Plane {
  let before = 0
  let after = 0
  const mixed = mapPlane(smooth, (height, i) => {
    const mix = height * (1 - GROOVES) + at(grooved.data, i) * GROOVES
    before += height
    after += mix
    return mix
  })
  const gain = clamp(before / Math.max(1e-6, after), 1, MAX_GAIN)
  return mapPlane(mixed, (height) => height * gain)
}

/** Brightness at medium scale, as a slight relief; none where the body is thin. */
function addBumps(heights: Plane, { lab, inside, phi }: Shape): Plane {
  const size = Math.max(phi.width, phi.height)
  const sigma = (7 * size) / TUNED_SIZE
  const weight = boxBlur(inside, sigma)
  const around = boxBlur(
    mapPlane(lab.l, (lightness, i) => lightness * at(inside.data, i)),
    sigma,
  )
  const fine = gauss(lab.l, 1)
  return mapPlane(heights, (height, i) => {
    if (at(phi.data, i) <= 0) return height
    const mean = at(around.data, i) / Math.max(0.05, at(weight.data, i))
    const bump = clamp((at(fine.data, i) - mean) / 25, -1, 1)
    return height + BUMP * size * bump * clamp((height - 2) / (size * 0.06), 0, 1)
  })
}

/** Sizes are tuned on objects of 256 pixels and scale with the grid. */
export const TUNED_SIZE = 256

/** How far beyond the outline the body would end, in pixels: keeps some thickness at the rim. */
const RIM = 0.4
/** The same for outlines made of straight vertical and horizontal lines: a box instead of a lens. */
const BOX_RIM = 11
/** The same for the soles of feet: they end flat, so that the object stands. */
const FOOT_RIM = 30
/** Cosine of the angle up to which an outline counts as vertical or horizontal. */
const AXIS_ALIGNED = 0.992
/** Fraction of such outline from which an object starts to be a box, and over how much more it becomes one. */
const BOXY = { from: 0.43, over: 0.25 }

/** The rim offset for each grid point inside the object. */
function rimOffsets({ phi, inside }: Shape): Plane {
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
  /** Fraction of the outline that is vertical or horizontal. */
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
