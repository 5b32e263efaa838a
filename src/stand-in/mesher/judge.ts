import { reasonOf } from '../../system/errors.ts'
import { readWithin, type Raster } from './decode.ts'
import { loadSharp, type SharpFactory } from './libraries.ts'
import { byteAt } from './plane.ts'

/** Longest side of the pixels that are inspected; the whole image is decoded for them. */
const LOOK_SIDE = 512
/** Fewer than these show nothing, whatever their colours. */
const MIN_PIXELS = 8
/** The minimum difference between the darkest and the brightest value of a channel if there is something to see. */
const MIN_CONTRAST = 5

/**
 * Remarks of libjpeg although no pixel is missing or wrong. It has no codes for them: any other remark counts as
 * damage.
 */
const HARMLESS = /extraneous bytes before marker|Invalid SOS parameters|Adobe color transform|bad ICC marker/

/** The result of decoding an image: `problem` ends a sentence that starts with its name. */
type Judgement = { problem: string } | 'right' | 'no decoder'

/**
 * Decodes an image in full, as strictly as possible, and checks whether it shows anything. If `sharp` is not available,
 * nothing is known.
 *
 * @param bytes a PNG, or a JPEG without anything between its segments
 */
export async function judgePicture(bytes: Uint8Array, mime: 'image/png' | 'image/jpeg'): Promise<Judgement> {
  const sharp = await loadSharp()
  if ('missing' in sharp) return 'no decoder'
  // For a PNG, everything except metadata is already proved by walking it; libpng is strict about metadata as well.
  let look = await decode(sharp.factory, bytes, mime === 'image/png' ? 'truncated' : 'warning')
  if ('reason' in look && HARMLESS.test(look.reason)) look = await decode(sharp.factory, bytes, 'error')
  if ('reason' in look) return { problem: `is damaged: it cannot be decoded (${look.reason})` }
  return emptinessOf(look) ?? 'right'
}

async function decode(
  sharp: SharpFactory,
  bytes: Uint8Array,
  failOn: 'warning' | 'error' | 'truncated',
): Promise<Raster | { reason: string }> {
  try {
    return await readWithin(
      sharp(bytes, { failOn, limitInputPixels: false, sequentialRead: true }),
      LOOK_SIDE,
    )
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** Why an image shows nothing; undefined if it shows something. */
function emptinessOf({ pixels, width, height }: Raster): { problem: string } | undefined {
  if (width * height < MIN_PIXELS) return { problem: `shows nothing: it has ${width} × ${height} pixels` }
  const low = [255, 255, 255, 255]
  const high = [0, 0, 0, 0]
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = byteAt(pixels, i + 3)
    for (let channel = 0; channel < 4; channel++) {
      // An invisible colour does not count.
      const value = channel === 3 ? alpha : (byteAt(pixels, i + channel) * alpha) / 255
      low[channel] = Math.min(low[channel] ?? 0, value)
      high[channel] = Math.max(high[channel] ?? 0, value)
    }
  }
  if ((high[3] ?? 0) < MIN_CONTRAST) return { problem: 'shows nothing: it is fully transparent' }
  const contrast = Math.max(...high.map((value, channel) => value - (low[channel] ?? 0)))
  return contrast < MIN_CONTRAST ? { problem: 'shows nothing: it has a single colour' } : undefined
}
