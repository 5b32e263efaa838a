import { plainBytes, type Picture, type Raster } from './decode.ts'
import { boxBlur, gauss, isAbove } from './filters.ts'
import { PADDING, type Shape } from './level-set.ts'
import type { SharpFactory } from './libraries.ts'
import { at, byteAt, clamp, mapPlane, smoothStep, toBytes, type Plane } from './plane.ts'
import type { Colours } from './colour.ts'
import { spreadColours } from './push-pull.ts'

/** Blur with which the inside of the object shrinks, in pixels. */
const SHRINK = 1.6
/** Share of the blurred inside that still counts as outline, and over how much more as object. */
const RIM_SHARE = { from: 0.72, over: 0.2 }

/** The colours of an object, continued beyond its outline. */
export interface Underlay {
  colours: Colours
  /** 1 well inside the object. */
  inner: Plane
  /** 1 on the outermost pixels of `inner`. */
  edge: Plane
  /** How much of the image is visible, 0 to 1. */
  opacity: Plane
}

/** Spreads the colours of the object over everything outside it. */
export function createUnderlay({ pixels, inside }: Shape): Underlay {
  const { width, height } = inside
  const shrunk = gauss(inside, SHRINK)
  const opacity = mapPlane(shrunk, (share) => clamp((share - RIM_SHARE.from) / RIM_SHARE.over, 0, 1))
  const inner = isAbove(opacity, 0.95)
  const edge = mapPlane(inner, (isInner, i) => (isInner === 1 && at(shrunk.data, i) < 0.999 ? 1 : 0))
  const data = new Float32Array(width * height * 3)
  for (let c = 0, p = 0; c < data.length; c += 3, p += 4) {
    data[c] = byteAt(pixels, p)
    data[c + 1] = byteAt(pixels, p + 1)
    data[c + 2] = byteAt(pixels, p + 2)
  }
  return { colours: spreadColours({ data, width, height }, inner), inner, edge, opacity }
}

/** The cropped image in full size, RGB, with the underlay where the object ends. */
export async function paintObject(
  sharp: SharpFactory,
  picture: Picture,
  { crop }: Shape,
  underlay: Underlay | undefined,
): Promise<Raster> {
  const { width, height } = crop
  const canvas = new Uint8Array(width * height * 3)
  if (!underlay) {
    eachPixel(picture, crop, (from, to) => copyPixel(canvas, to, picture.pixels, from))
    return { pixels: canvas, width, height }
  }
  const [below, opacity] = await Promise.all([
    paintColours(sharp, underlay.colours, crop),
    scaleInner(
      sharp,
      { ...underlay.opacity, pixels: toBytes(underlay.opacity.data, 255), channels: 1 },
      crop,
    ),
  ])
  eachPixel(picture, crop, (from, to) => {
    const share = byteAt(opacity, to)
    for (let k = 0; k < 3; k++) {
      const seen = byteAt(picture.pixels, 4 * from + k) * share + byteAt(below, 3 * to + k) * (255 - share)
      canvas[3 * to + k] = seen / 255
    }
  })
  return { pixels: canvas, width, height }
}

/** Fraction of the object's most common colour in the middle of a plain back; the rest comes from its outline. */
const COMMON_SHARE = 0.75
/** Steps per channel within which colours count as the same. */
const COLOUR_STEPS = 6

/**
 * A back without features, for objects that have a face: the colours of the outline, and the most common one inside.
 */
export function plainBack({ colours, edge, inner }: Underlay): Colours {
  const { width, height } = colours
  const spread = spreadColours(colours, edge).data
  const depth = boxBlur(inner, 8)
  const common = commonestColour(colours.data, inner.data, edge.data)
  const data = new Float32Array(spread.length)
  for (let k = 0; k < 3; k++) {
    const channel = mapPlane(inner, (_, i) => at(spread, 3 * i + k))
    const blurred = boxBlur(channel, 3)
    for (let i = 0; i < width * height; i++) {
      const middle = smoothStep(0.55, 1, at(depth.data, i))
      const plain = at(common, k) * COMMON_SHARE + at(blurred.data, i) * (1 - COMMON_SHARE)
      data[3 * i + k] = at(channel.data, i) * (1 - middle) + plain * middle
    }
  }
  return { data, width, height }
}

interface ColourBox {
  /** Sums of red, green and blue. */
  total: [number, number, number]
  pixels: number
  edgePixels: number
}

/** The mean colour of the box of a coarse colour cube that is common both inside the object and on its outline. */
function commonestColour(colours: Float32Array, inner: Float32Array, edge: Float32Array): Float32Array {
  const boxes = new Map<number, ColourBox>()
  const step = (value: number): number => Math.floor((clamp(value, 0, 255) * COLOUR_STEPS) / 256)
  for (let i = 0; i < inner.length; i++) {
    if (at(inner, i) === 0) continue
    const [red, green, blue] = [at(colours, 3 * i), at(colours, 3 * i + 1), at(colours, 3 * i + 2)]
    const key = (step(red) * COLOUR_STEPS + step(green)) * COLOUR_STEPS + step(blue)
    const box = boxes.get(key) ?? { total: [0, 0, 0], pixels: 0, edgePixels: 0 }
    const [r, g, b] = box.total
    boxes.set(key, {
      total: [r + red, g + green, b + blue],
      pixels: box.pixels + 1,
      edgePixels: box.edgePixels + at(edge, i),
    })
  }
  const score = (box: ColourBox): number => box.pixels * box.edgePixels
  const none: ColourBox = { total: [0, 0, 0], pixels: 1, edgePixels: 0 }
  const best = [...boxes.values()].reduce((best, box) => (score(box) > score(best) ? box : best), none)
  return Float32Array.from(best.total, (total) => total / best.pixels)
}

/** Colours of the grid, without its padding, as RGB bytes of the given size. */
export async function paintColours(
  sharp: SharpFactory,
  colours: Colours,
  size: { width: number; height: number },
): Promise<Uint8Array> {
  return scaleInner(sharp, { ...colours, pixels: toBytes(colours.data), channels: 3 }, size)
}

async function scaleInner(
  sharp: SharpFactory,
  { pixels, width, height, channels }: Raster & { channels: 1 | 3 },
  size: { width: number; height: number },
): Promise<Uint8Array> {
  const inner = { left: PADDING, top: PADDING, width: width - 2 * PADDING, height: height - 2 * PADDING }
  const scaled = sharp(pixels, { raw: { width, height, channels } })
    .extract(inner)
    .resize(size.width, size.height, { fit: 'fill', kernel: 'cubic' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
  return plainBytes(await scaled.raw().toBuffer())
}

/** Visits the crop of an image; `from` and `to` count pixels of the image and of the crop. */
function eachPixel(picture: Raster, crop: Shape['crop'], visit: (from: number, to: number) => void): void {
  for (let y = 0, to = 0; y < crop.height; y++) {
    const row = (y + crop.top) * picture.width + crop.left
    for (let x = 0; x < crop.width; x++, to++) visit(row + x, to)
  }
}

function copyPixel(to: Uint8Array, i: number, from: Uint8Array, k: number): void {
  to.set(from.subarray(4 * k, 4 * k + 3), 3 * i)
}
