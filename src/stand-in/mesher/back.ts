import { looksFrontal, mirroredOverlap } from './silhouette.ts'
import { PADDING, type Shape } from './level-set.ts'
import type { SharpFactory } from './libraries.ts'
import { boundingBox, type Plane } from './plane.ts'
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
