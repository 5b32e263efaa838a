import type { Texture } from '@gltf-transform/core'
import { need, type Tools } from '../libraries.ts'
import { createCanvas, fillGaps, type Canvas, type Pixels } from './canvas.ts'
import type { Painting } from './paint.ts'

/** Of a format that loses something. */
const QUALITY = 92

/** A texture, and what is painted for it. */
export interface TexturePainting extends Painting {
  texture: Texture
}

export async function openPainting(texture: Texture, side: number, tools: Tools): Promise<TexturePainting> {
  const slots = tools.functions.listTextureSlots(texture)
  return {
    texture,
    from: await readPixels(texture, tools),
    canvas: createCanvas(side),
    isNormal: slots.some((slot) => /normal/i.test(slot)),
  }
}

async function readPixels(texture: Texture, tools: Tools): Promise<Pixels> {
  const picture = need(tools, 'sharp')(texture.getImage() ?? undefined)
  const { data, info } = await picture
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** Gives a texture what was painted, as large as it was, and in its format. */
export async function writePainting({ texture, canvas }: TexturePainting, tools: Tools): Promise<void> {
  fillGaps(canvas)
  const [width = canvas.side, height = canvas.side] = texture.getSize() ?? []
  const picture = pictureOf(canvas, tools).resize(width, height, { fit: 'fill' })
  const format = texture.getMimeType().replace('image/', '') as 'png' | 'jpeg' | 'webp' | 'avif'
  const options = format === 'png' ? { adaptiveFiltering: true } : { quality: QUALITY }
  texture.setImage(new Uint8Array(await picture.toFormat(format, options).toBuffer()))
}

function pictureOf({ side, pixels }: Canvas, tools: Tools) {
  const picture = need(tools, 'sharp')(pixels, { raw: { width: side, height: side, channels: 4 } })
  const isOpaque = pixels.every((value, at) => at % 4 !== 3 || value === 255)
  return isOpaque ? picture.removeAlpha() : picture
}
