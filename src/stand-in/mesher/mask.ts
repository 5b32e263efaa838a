import { segment } from './backdrop.ts'
import { toLab } from './colour.ts'
import { tidy } from './components.ts'
import { scalePicture } from './decode.ts'
import type { Picture } from './decode.ts'
import type { SharpFactory } from './libraries.ts'
import { byteAt, createPlane, sum } from './plane.ts'
import type { Plane } from './plane.ts'

/** How the object was told from its surroundings: by transparency, by a plain backdrop, or not at all. */
export type Kind = 'alpha' | 'backdrop' | 'slab'

/** Where the object is, at a coarse size. */
export interface ObjectMask {
  kind: Kind
  /** 1 on the object; everywhere for a slab. */
  mask: Plane
  /** Share of the picture that has the backdrop's colour and yet contours; 0 without a backdrop. */
  lookalike: number
}

/** Longest side of the mask, in pixels. */
const MASK_SIZE = 192
const MIN_SIDE = 8
const OPAQUE = 110
const MIN_OBJECT = 16

/** Finds the object of a picture. */
export async function findObject(sharp: SharpFactory, picture: Picture): Promise<ObjectMask> {
  const scale = Math.min(1, MASK_SIZE / Math.max(picture.width, picture.height))
  const width = Math.max(MIN_SIDE, Math.round(picture.width * scale))
  const height = Math.max(MIN_SIDE, Math.round(picture.height * scale))
  const { pixels } = await scalePicture(sharp, picture, { width, height })
  if (picture.transparent) {
    const mask = opaqueMask(pixels, width, height)
    if (sum(mask) > MIN_OBJECT) return { kind: 'alpha', mask, lookalike: 0 }
  } else {
    const segmentation = segment(toLab(pixels, width, height))
    if (segmentation) return { kind: 'backdrop', ...segmentation }
  }
  return { kind: 'slab', mask: createPlane(width, height, 1), lookalike: 0 }
}

function opaqueMask(pixels: Uint8Array, width: number, height: number): Plane {
  const mask = createPlane(width, height)
  for (let i = 0; i < mask.data.length; i++) if (byteAt(pixels, 4 * i + 3) > OPAQUE) mask.data[i] = 1
  return tidy(mask)
}
