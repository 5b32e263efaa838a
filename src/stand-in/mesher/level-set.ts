import { toLab, type Lab, interleave, mapLab } from './colour.ts'
import { spreadColours } from './push-pull.ts'
import { scalePicture, type Picture } from './decode.ts'
import { gauss, isAbove, erode, halve, invert } from './filters.ts'
import type { SharpFactory } from './libraries.ts'
import { boundingBox, byteAt, clamp, createPlane, mapPlane, sample, type Plane, at } from './plane.ts'
import { tidy } from './components.ts'

/** How the object was distinguished from its surroundings: by transparency, by a plain backdrop, or not at all. */
export type Kind = 'alpha' | 'backdrop' | 'slab'

/** Where the object is, at a coarse size. */
export interface ObjectMask {
  kind: Kind
  /** 1 on the object; everywhere for a slab. */
  mask: Plane
  /** Fraction of the image that has the backdrop's colour but also contours; 0 without a backdrop. */
  lookalike: number
}

/** The object cut out of its image and scaled to the grid on which all heights are computed. */
export interface Shape {
  kind: Kind
  /** What was cut out, in pixels of the image. */
  crop: { left: number; top: number; width: number; height: number }
  /** RGBA of the grid. */
  pixels: Uint8Array
  lab: Lab
  /** Above zero inside the object, below outside, nowhere zero; crosses zero where coverage is one half. */
  phi: Plane
  /** 1 where `phi` is above zero. */
  inside: Plane
}

/** Longest side of the grid, padding included. */
const GRID_SIZE = 224
/** Pixels around the crop, so that no outline touches the border of the grid. */
export const PADDING = 4
const MIN_SIDE = 4
const SMOOTHING = 0.9
/** This many pixels along the border of the grid are always outside. */
const FRAME = 2

/** Cuts the object out and turns its outline into a smooth level set. */
export async function cutOut(sharp: SharpFactory, picture: Picture, object: ObjectMask): Promise<Shape> {
  const { kind } = object
  const crop = cropAround(object, picture)
  const scale = (GRID_SIZE - 2 * PADDING) / Math.max(crop.width, crop.height)
  const { pixels, width, height } = await scalePicture(sharp, picture, {
    region: crop,
    width: Math.max(MIN_SIDE, Math.round(crop.width * scale)),
    height: Math.max(MIN_SIDE, Math.round(crop.height * scale)),
    extend: PADDING,
  })
  const lab = toLab(pixels, width, height)
  const phi =
    kind === 'slab'
      ? createPlane(width, height, -0.5)
      : levelSet({ object, picture, crop, scale, pixels, lab })
  return { kind, crop, pixels, lab, phi, inside: isAbove(phi, 0) }
}

function cropAround({ kind, mask }: ObjectMask, picture: Picture): Shape['crop'] {
  const box = boundingBox(mask) ?? { left: 0, top: 0, right: mask.width - 1, bottom: mask.height - 1 }
  const toX = picture.width / mask.width
  const toY = picture.height / mask.height
  const longest = Math.max(box.right - box.left, box.bottom - box.top)
  // The matte needs some backdrop around the object to learn its colour.
  const margin = kind === 'backdrop' ? 2 + Math.round(longest * 0.04) : 1
  const left = clamp(Math.floor((box.left - margin) * toX), 0, picture.width - 1)
  const top = clamp(Math.floor((box.top - margin) * toY), 0, picture.height - 1)
  const right = Math.min(picture.width, Math.ceil((box.right + 1 + margin) * toX))
  const bottom = Math.min(picture.height, Math.ceil((box.bottom + 1 + margin) * toY))
  return { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) }
}

interface Cutting {
  object: ObjectMask
  picture: Picture
  crop: Shape['crop']
  scale: number
  pixels: Uint8Array
  lab: Lab
}

function levelSet(cutting: Cutting): Plane {
  const near = maskOnGrid(cutting)
  const coverage =
    cutting.object.kind === 'alpha' ? alphaNear(near, cutting.pixels) : matte(cutting.lab, isAbove(near, 0.5))
  const smooth = gauss(
    mapPlane(coverage, (value) => value - 0.5),
    SMOOTHING,
  )
  const { width, height } = smooth
  return mapPlane(smooth, (value, i) => {
    const x = i % width
    const y = Math.floor(i / width)
    const framed = Math.min(x, y, width - 1 - x, height - 1 - y) < FRAME
    return nonZero(framed ? Math.min(value, -0.05) : value)
  })
}

/** A level of exactly zero would put an outline through a grid point, and two vertices in one place. */
export function nonZero(level: number): number {
  return level === 0 ? -1e-6 : level
}

/** The coarse mask, softened and sampled at each point of the grid. */
function maskOnGrid({ object: { mask }, picture, crop, scale, lab }: Cutting): Plane {
  const { width, height } = lab.l
  const soft = gauss(mask, 0.8)
  const toMask = mask.width / picture.width
  const toMaskY = mask.height / picture.height
  const near = createPlane(width, height)
  for (let y = PADDING; y < height - PADDING; y++) {
    const v = ((y - PADDING + 0.5) / scale + crop.top) * toMaskY - 0.5
    for (let x = PADDING; x < width - PADDING; x++) {
      const u = ((x - PADDING + 0.5) / scale + crop.left) * toMask - 0.5
      near.data[y * width + x] = sample(soft.data, mask.width, mask.height, u, v)
    }
  }
  return near
}

/** Alpha, without the specks and pinholes that the coarse mask dropped. */
function alphaNear(near: Plane, pixels: Uint8Array): Plane {
  return mapPlane(near, (value, i) => (value < 0.02 ? 0 : value > 0.98 ? 1 : byteAt(pixels, 4 * i + 3) / 255))
}

/** Half the width of the band around the outline in which coverage is estimated, in pixels. */
const BAND = 3
/** Squared Lab distance below which object and backdrop cannot be distinguished. */
const MIN_CONTRAST = 60

/**
 * Soft coverage of the object, 0 to 1: in a band along the outline of a hard mask, each pixel is projected on the line
 * from the colour of the nearby backdrop to that of the object. Removes jagged edges and halos.
 */
function matte(lab: Lab, mask: Plane): Plane {
  const certain = { object: erode(mask, BAND), backdrop: erode(invert(mask), BAND) }
  const small = interleave(mapLab(lab, halve))
  const object = spreadColours(small, isAbove(halve(certain.object), 0.99))
  const backdrop = spreadColours(small, isAbove(halve(certain.backdrop), 0.99))
  const coverage = createPlane(mask.width, mask.height)
  for (let y = 0, i = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++, i++) {
      if (at(certain.object.data, i) === 1) coverage.data[i] = 1
      else if (at(certain.backdrop.data, i) === 0) {
        const nearby = 3 * ((y >> 1) * object.width + (x >> 1))
        coverage.data[i] = project(lab, i, object.data, backdrop.data, nearby) ?? at(mask.data, i)
      }
    }
  }
  return withoutSpecks(coverage)
}

function project(lab: Lab, i: number, to: Float32Array, from: Float32Array, c: number): number | undefined {
  const dl = at(to, c) - at(from, c)
  const da = at(to, c + 1) - at(from, c + 1)
  const db = at(to, c + 2) - at(from, c + 2)
  const contrast = dl * dl + da * da + db * db
  if (contrast < MIN_CONTRAST) return undefined
  const along =
    (at(lab.l.data, i) - at(from, c)) * dl +
    (at(lab.a.data, i) - at(from, c + 1)) * da +
    (at(lab.b.data, i) - at(from, c + 2)) * db
  return clamp(along / contrast, 0, 1)
}

function withoutSpecks(coverage: Plane): Plane {
  const hard = isAbove(coverage, 0.5)
  const clean = tidy(hard)
  return mapPlane(coverage, (value, i) =>
    at(hard.data, i) === at(clean.data, i) ? value : at(clean.data, i),
  )
}
