import { decode, onWhite, type Picture, scalePicture } from './decode.ts'
import { cutOut, type Shape, type ObjectMask } from './level-set.ts'
import type { SharpFactory } from './libraries.ts'
import { slabShape } from './slab.ts'
import { segment } from './backdrop.ts'
import { toLab } from './colour.ts'
import { tidy } from './components.ts'
import { byteAt, createPlane, sum, type Plane } from './plane.ts'

/** An object in its image. */
export interface View {
  picture: Picture
  shape: Shape
  /** Fraction of the image that has the backdrop's colour but also contours: likely parts of the object. */
  lookalike: number
}

/** Decodes an image and finds its object. Throws `MESHY_IMAGE_INVALID`. */
export async function readView(sharp: SharpFactory, bytes: Uint8Array): Promise<View> {
  const picture = await decode(sharp, bytes)
  const object = await findObject(sharp, picture)
  const { lookalike } = object
  if (object.kind !== 'slab') return { picture, shape: await cutOut(sharp, picture, object), lookalike }
  const paper = picture.transparent ? onWhite(picture) : picture
  return { picture: paper, shape: slabShape(await cutOut(sharp, paper, object)), lookalike }
}

/** Longest side of the mask, in pixels. */
const MASK_SIZE = 192
const MIN_SIDE = 8
const OPAQUE = 110
const MIN_OBJECT = 16

/** Finds the object of an image. */
async function findObject(sharp: SharpFactory, picture: Picture): Promise<ObjectMask> {
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
