import { findComponents } from './components.ts'
import { boxBlur } from './filters.ts'
import { PADDING, type Shape } from './level-set.ts'
import type { SharpFactory } from './libraries.ts'
import { at, boundingBox, indexAt, mapPlane, sample, sum, type Plane } from './plane.ts'
import { TUNED_SIZE } from './relief.ts'
import { readView, type View } from './view.ts'

/** What the back of a model shows: the front again, a plain back in its colours, or another image. */
export type Back = { kind: 'mirror' | 'plain' } | { kind: 'picture'; view: View; u: Axis; v: Axis }

/** Overlap (intersection over union) from which an image can show the back. */
const MIN_OVERLAP = 0.6

/**
 * Chooses the back: the one of the other images whose mirrored silhouette is most like the front's, or else the front
 * again; for an object that has a face, a plain back in its colours. `notes` says what became of the other images.
 */
export async function chooseBack(
  sharp: SharpFactory,
  front: Shape,
  others: Uint8Array[],
): Promise<{ back: Back; notes: string[] }> {
  const found = await findBack(sharp, front, others)
  if (found)
    return { back: found.back, notes: [`The back shows image ${found.number} of ${others.length + 1}.`] }
  const notes =
    others.length > 0
      ? ['None of the other images has the outline of the back, so only the first image is used.']
      : []
  const isPlain = front.kind !== 'slab' && looksFrontal(front)
  return { back: { kind: isPlain ? 'plain' : 'mirror' }, notes }
}

async function findBack(sharp: SharpFactory, front: Shape, images: Uint8Array[]) {
  let best: { view: View; number: number; overlap: number } | undefined
  for (const [i, image] of images.entries()) {
    const view = await readView(sharp, image)
    if ((view.shape.kind === 'slab') !== (front.kind === 'slab')) continue
    const overlap = mirroredOverlap(front.inside, view.shape.inside)
    if (overlap > (best?.overlap ?? MIN_OVERLAP)) best = { view, number: i + 2, overlap }
  }
  return best && { back: seenFromBehind(front, best.view), number: best.number }
}

/** Maps the bounds of the object in the other image to those of the front, with left and right swapped. */
function seenFromBehind(front: Shape, view: View): Back {
  const from = objectSpan(front.inside)
  const to = objectSpan(view.shape.inside)
  return {
    kind: 'picture',
    view,
    u: mapSpan(from.u, { low: to.u.high, high: to.u.low }),
    v: mapSpan(from.v, to.v),
  }
}

interface Span {
  low: number
  high: number
}

/** The bounds of the object as fractions of its crop. */
function objectSpan(inside: Plane): { u: Span; v: Span } {
  const box = boundingBox(inside) ?? { left: 0, top: 0, right: inside.width - 1, bottom: inside.height - 1 }
  const share = (pixel: number, side: number): number => (pixel - PADDING) / (side - 2 * PADDING)
  return {
    u: { low: share(box.left, inside.width), high: share(box.right + 1, inside.width) },
    v: { low: share(box.top, inside.height), high: share(box.bottom + 1, inside.height) },
  }
}

/** The axis that takes `from` to `to`. */
function mapSpan(from: Span, to: Span): Axis {
  const scale = (to.high - to.low) / (from.high - from.low)
  const start = to.low - from.low * scale
  return { start, end: start + scale, min: 0, max: 1 }
}

/** Where one axis of the image plane (0 to 1 over the crop) lies in the texture. */
export interface Axis {
  start: number
  end: number
  /** Texture coordinates stay in this range; otherwise a part of the texture would show its neighbour. */
  min: number
  max: number
}

/** Silhouettes are compared on a grid of this many points a side. */
const COMPARED = 48

/** Overlap of two silhouettes, one of them mirrored, both scaled to their bounds: 1 if they are identical. */
function mirroredOverlap(one: Plane, other: Plane): number {
  const isIn = pointTest(one)
  const isInOther = pointTest(other)
  let both = 0
  let either = 0
  for (let y = 0.5; y < COMPARED; y++) {
    for (let x = 0.5; x < COMPARED; x++) {
      const a = isIn(x / COMPARED, y / COMPARED)
      const b = isInOther(1 - x / COMPARED, y / COMPARED)
      if (a && b) both++
      if (a || b) either++
    }
  }
  return both / Math.max(1, either)
}

function pointTest(inside: Plane): (u: number, v: number) => boolean {
  const { left, top, right, bottom } = boundingBox(inside) ?? { left: 0, top: 0, right: 0, bottom: 0 }
  return (u, v) => {
    const x = left + u * (right - left)
    const y = top + v * (bottom - top)
    return sample(inside.data, inside.width, inside.height, x, y) > 0.5
  }
}

/** Mean difference of a plane inside a silhouette from its mirror image. */
function mirrorDifference(plane: Plane, inside: Plane): number {
  const { data, width } = plane
  const box = boundingBox(inside)
  if (!box) return 0
  let total = 0
  let count = 0
  for (let y = box.top; y <= box.bottom; y++) {
    for (let x = box.left; x <= box.right; x++) {
      const here = y * width + x
      const there = y * width + box.left + box.right - x
      if (at(inside.data, here) === 0 || at(inside.data, there) === 0) continue
      total += Math.abs(at(data, here) - at(data, there))
      count++
    }
  }
  return total / Math.max(1, count)
}

/** How similar left and right must be: overlap of the silhouette with its mirror image. */
const MIN_SYMMETRY = 0.85
/** The same for lightness: mean difference, in Lab units. */
const MAX_LOPSIDED = 13
/** How much darker or lighter a spot is than its surroundings, in Lab lightness. */
const SPOT_CONTRAST = 16
/** All as fractions of the object's area, width or height. */
const SPOT_AREA = { min: 0.0006, max: 0.05 }
const EYE_DISTANCE = { min: 0.12, max: 0.62 }
const OFF_CENTRE = 0.07
const OFF_LEVEL = 0.05
const LOWEST = 0.66

/**
 * Whether an image shows a face from the front: a symmetric outline, and two similar spots side by side at the same
 * distance from its middle. Its back should not show a second face.
 */
export function looksFrontal({ inside, lab, phi }: Shape): boolean {
  const box = boundingBox(inside)
  if (!box || mirroredOverlap(inside, inside) < MIN_SYMMETRY) return false
  if (mirrorDifference(lab.l, inside) > MAX_LOPSIDED) return false
  const contrast = localContrast(lab.l, inside, Math.max(phi.width, phi.height) / TUNED_SIZE)
  const width = box.right - box.left
  const height = box.bottom - box.top
  const area = sum(inside)
  const signs = [-1, 1]
  return signs.some((sign) => {
    const spots = findSpots(mapPlane(contrast, (value) => (value * sign > SPOT_CONTRAST ? 1 : 0)))
      .filter((spot) => spot.area > SPOT_AREA.min * area && spot.area < SPOT_AREA.max * area)
      .map(({ x, y, area }) => ({ x: (x - box.left) / width, y: (y - box.top) / height, area }))
    return spots.some((one, i) => spots.slice(i + 1).some((other) => areEyes(one, other)))
  })
}

interface Spot {
  x: number
  y: number
  area: number
}

function areEyes(one: Spot, other: Spot): boolean {
  const distance = Math.abs(one.x - other.x)
  return (
    distance > EYE_DISTANCE.min &&
    distance < EYE_DISTANCE.max &&
    Math.abs((one.x + other.x) / 2 - 0.5) < OFF_CENTRE &&
    Math.abs(one.y - other.y) < OFF_LEVEL &&
    Math.max(one.y, other.y) < LOWEST &&
    Math.min(one.area, other.area) > Math.max(one.area, other.area) / 2
  )
}

/** Lightness against its surroundings inside of the object. */
function localContrast(lightness: Plane, inside: Plane, size: number): Plane {
  const sigma = 14 * size
  const weight = boxBlur(inside, sigma)
  const around = boxBlur(
    mapPlane(lightness, (value, i) => value * at(inside.data, i)),
    sigma,
  )
  return mapPlane(lightness, (value, i) => {
    return at(inside.data, i) === 1 ? value - at(around.data, i) / Math.max(0.05, at(weight.data, i)) : 0
  })
}

function findSpots(mask: Plane): Spot[] {
  const { labels, areas } = findComponents(mask, 1)
  const spots = areas.map((area) => ({ x: 0, y: 0, area }))
  for (let i = 0; i < labels.length; i++) {
    const spot = spots[indexAt(labels, i) - 1]
    if (!spot) continue
    spot.x += (i % mask.width) / spot.area
    spot.y += Math.floor(i / mask.width) / spot.area
  }
  return spots
}
