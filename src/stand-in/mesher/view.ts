import { decode, onWhite } from './decode.ts'
import type { Picture } from './decode.ts'
import { cutOut } from './level-set.ts'
import type { Shape } from './level-set.ts'
import type { SharpFactory } from './libraries.ts'
import { findObject } from './mask.ts'
import { slabShape } from './slab.ts'

/** An object in its picture. */
export interface View {
  picture: Picture
  shape: Shape
  /** Share of the picture that has the backdrop's colour and yet contours: likely parts of the object. */
  lookalike: number
}

/** Decodes a picture and finds its object. Throws `MESHY_IMAGE_INVALID`. */
export async function readView(sharp: SharpFactory, bytes: Uint8Array): Promise<View> {
  const picture = await decode(sharp, bytes)
  const object = await findObject(sharp, picture)
  const { lookalike } = object
  if (object.kind !== 'slab') return { picture, shape: await cutOut(sharp, picture, object), lookalike }
  const paper = picture.transparent ? onWhite(picture) : picture
  return { picture: paper, shape: slabShape(await cutOut(sharp, paper, object)), lookalike }
}
