import type { Sharp } from 'sharp'
import { MeshyError, messageOf } from '../../system/errors.ts'
import type { SharpFactory } from './libraries.ts'
import { byteAt } from './plane.ts'

/** Rows of pixels, some bytes each. */
export interface Raster {
  pixels: Uint8Array
  width: number
  height: number
}

/** A decoded image: sRGB, RGBA bytes, alpha not premultiplied. */
export interface Picture extends Raster {
  /** Whether enough of it is transparent to be its silhouette; otherwise all of it is opaque. */
  transparent: boolean
}

/** Part of an image, in pixels, and the size that it is scaled to. */
interface Scaling {
  region?: { left: number; top: number; width: number; height: number }
  width: number
  height: number
  /** Repeats the border this many pixels outwards. */
  extend?: number
}

/** Longest side of a decoded image: more would not be visible in a stand-in. */
const MAX_SIDE = 1024
/** More would take gigabytes. */
const MAX_PIXELS = 5e8
/** Alpha below this is invisible. */
const FAINT = 6
/** Fraction of transparent pixels from which transparency is used as the silhouette. */
const MIN_TRANSPARENT = 0.01

/**
 * Decodes anything that sharp can read: upright, as sRGB, at most 1024 pixels per side.
 *
 * Throws `MESHY_IMAGE_INVALID` if it is not an image, or if all of it is transparent.
 */
export async function decode(sharp: SharpFactory, bytes: Uint8Array): Promise<Picture> {
  const picture = await read(sharp, bytes)
  const { pixels, width, height } = picture
  if (!isVisible(pixels)) {
    throw new MeshyError('MESHY_IMAGE_INVALID', {
      message: `The image of ${width} × ${height} pixels is fully transparent; expected visible contents`,
      hint: 'Export the image again with its contents visible.',
    })
  }
  return picture.transparent ? picture : onWhite(picture)
}

/** The same image on white paper. */
export function onWhite(picture: Picture): Picture {
  const pixels = picture.pixels.slice()
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = byteAt(pixels, i + 3)
    if (alpha === 255) continue
    for (let k = i; k < i + 3; k++) pixels[k] = (byteAt(pixels, k) * alpha + 255 * (255 - alpha)) / 255
    pixels[i + 3] = 255
  }
  return { ...picture, pixels, transparent: false }
}

/** Cuts out a region and scales it; the result is RGBA like the source. */
export async function scalePicture(sharp: SharpFactory, picture: Picture, scaling: Scaling): Promise<Raster> {
  const { region, width, height, extend = 0 } = scaling
  const source = sharp(picture.pixels, { raw: { width: picture.width, height: picture.height, channels: 4 } })
  const cut = region ? source.extract(region) : source
  const scaled = cut.resize(width, height, { fit: 'fill', kernel: 'cubic' })
  const sides = { top: extend, bottom: extend, left: extend, right: extend }
  const extended = extend ? scaled.extend({ ...sides, extendWith: 'copy' }) : scaled
  const pixels = plainBytes(await extended.raw().toBuffer())
  return { pixels, width: width + 2 * extend, height: height + 2 * extend }
}

/** An image as sRGB, RGBA bytes, with no side longer than `side`. */
export async function readWithin(image: Sharp, side: number): Promise<Raster> {
  const { data, info } = await image
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { pixels: plainBytes(data), width: info.width, height: info.height }
}

/** A Buffer as a Uint8Array over the same bytes: the two are different shapes to the engine. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

async function read(sharp: SharpFactory, bytes: Uint8Array): Promise<Picture> {
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, sequentialRead: true }).autoOrient()
    const raster = await readWithin(image, MAX_SIDE)
    return { ...raster, transparent: isTransparent(raster.pixels) }
  } catch (error) {
    throw new MeshyError('MESHY_IMAGE_INVALID', {
      message: `The image could not be decoded: ${messageOf(error)}`,
      hint: 'Export the image again as PNG or JPEG.',
      cause: error,
    })
  }
}

function isVisible(pixels: Uint8Array): boolean {
  for (let i = 3; i < pixels.length; i += 4) if (byteAt(pixels, i) >= FAINT) return true
  return false
}

function isTransparent(pixels: Uint8Array): boolean {
  let transparent = 0
  for (let i = 3; i < pixels.length; i += 4) if (byteAt(pixels, i) < 128) transparent++
  return transparent * 4 > pixels.length * MIN_TRANSPARENT
}
