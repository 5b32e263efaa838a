import { toLab } from './colour.ts'
import type { Lab } from './colour.ts'
import { scalePicture } from './decode.ts'
import type { Picture } from './decode.ts'
import { gauss, isAbove } from './filters.ts'
import type { SharpFactory } from './libraries.ts'
import type { Kind, ObjectMask } from './mask.ts'
import { matte } from './matte.ts'
import { boundingBox, byteAt, clamp, createPlane, mapPlane, sample } from './plane.ts'
import type { Plane } from './plane.ts'

/** The object cut out of its picture and scaled to the grid that all heights are computed on. */
export interface Shape {
  kind: Kind
  /** What was cut out, in pixels of the picture. */
  crop: { left: number; top: number; width: number; height: number }
  /** RGBA of the grid. */
  pixels: Uint8Array
  lab: Lab
  /** Above zero inside of the object, below outside, nowhere zero; crosses zero where coverage is one half. */
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

/** Cuts the object out and makes its outline a smooth level set. */
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

/** Alpha, without the specks and pin holes that the coarse mask dropped. */
function alphaNear(near: Plane, pixels: Uint8Array): Plane {
  return mapPlane(near, (value, i) => (value < 0.02 ? 0 : value > 0.98 ? 1 : byteAt(pixels, 4 * i + 3) / 255))
}
