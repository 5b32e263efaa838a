import type { Texture } from '@gltf-transform/core'
import { need, type Tools } from '../libraries.ts'
import { hasHiddenColors, openPixels, resizeChannels } from '../pixels.ts'
import type { DerivationPlan } from '../../finding/steps.ts'
import { isReadable } from './prepare.ts'
import type { Step } from './step.ts'

const WEBP = 'image/webp'
/**
 * For colours, normals and other numbers alike: a higher quality doubles the bytes for a difference that nobody sees.
 */
const QUALITY = 80

/** Makes textures smaller, and converts them to WebP if requested. */
export const textures: Step = {
  name: 'texture-size',
  isAsked: ({ textureSize, textureFormat, level }) =>
    textureSize !== undefined || textureFormat === 'webp' || level !== undefined,
  async apply({ document, tools, plan, note }) {
    const all = document.getRoot().listTextures()
    const kept = all.filter((texture) => !isReadable(texture))
    if (kept.length > 0) note(keptNote(kept))
    const others = all.filter((texture) => !kept.includes(texture))
    await Promise.all(others.map((texture) => lighten(texture, plan, tools)))
    if (!all.some((texture) => texture.getMimeType() === WEBP)) return
    document.createExtension(tools.extensions.EXTTextureWebP).setRequired(true)
  },
}

async function lighten(texture: Texture, plan: DerivationPlan, tools: Tools): Promise<void> {
  const side = sideOf(texture, plan)
  const toWebp = plan.textureFormat === 'webp'
  const isRight = !toWebp || texture.getMimeType() === WEBP
  if (side === undefined && isRight) return
  const before = { image: texture.getImage(), type: texture.getMimeType() }
  await encode(texture, { side, toWebp }, tools)
  const isFree = side === undefined ? plan.optimize : isRight && plan.textureSize === undefined
  if (isFree) keepLighter(texture, before)
}

async function encode(
  texture: Texture,
  { side, toWebp }: { side: number | undefined; toWebp: boolean },
  tools: Tools,
): Promise<void> {
  const format = toWebp ? 'webp' : (texture.getMimeType().replace('image/', '') as 'png' | 'webp' | 'avif')
  const isExact = await hasHiddenColors(texture, tools)
  if (isExact && side !== undefined) await resizeExactly(texture, side, tools)
  const options = { limitInputPixels: true, ignoreIcc: true }
  await tools.functions.compressTexture(texture, {
    encoder: (image: Uint8Array) => need(tools, 'sharp')(image, options).webp({ exact: isExact }),
    ...(side !== undefined && !isExact && { resize: [side, side] }),
    ...((toWebp || isExact) && { targetFormat: format }),
    ...(toWebp && { quality: QUALITY }),
  })
}

/** Without loss, to be encoded later. */
async function resizeExactly(texture: Texture, side: number, tools: Tools): Promise<void> {
  const image = texture.getImage()
  const [width, height] = texture.getSize() ?? [side, side]
  if (!image) return
  const factor = side / Math.max(width, height)
  const size = [Math.max(1, Math.floor(width * factor)), Math.max(1, Math.floor(height * factor))] as const
  const resized = await resizeChannels(() => openPixels(image, tools), size, tools)
  texture.setImage(new Uint8Array(await resized.png().toBuffer())).setMimeType('image/png')
}

/** Few colours in many pixels can take fewer bytes than many in few, and fewer in their original format. */
function keepLighter(texture: Texture, before: { image: Uint8Array | null; type: string }): void {
  const after = texture.getImage()
  if (!before.image || !after || after.length <= before.image.length) return
  texture.setImage(before.image).setMimeType(before.type)
}

/**
 * The target longest side of a texture; undefined if it is not larger than that. A level of detail is seen from where
 * it covers as small a fraction of the screen as it has of the triangles.
 */
function sideOf(texture: Texture, { textureSize = Infinity, level = 1 }: DerivationPlan): number | undefined {
  const size = texture.getSize() ?? [Infinity]
  const longest = Math.max(...size)
  const side = Math.min(longest, textureSize) * Math.sqrt(level)
  if (side >= longest || side === Infinity) return undefined
  // Blocks of GPU-compressed textures have four pixels per side.
  const wanted = level === 1 ? side : Math.max(4, Math.round(side / 4) * 4)
  // A strip, such as a palette, keeps its single row.
  const least = Math.ceil(longest / Math.min(...size))
  return least >= longest ? undefined : Math.max(wanted, least || 0)
}

function keptNote(kept: readonly Texture[]): string {
  const formats = [...new Set(kept.map((texture) => texture.getMimeType().replace('image/', '')))]
  const count = kept.length === 1 ? 'one of its textures is' : `${kept.length} of its textures are`
  return `${count} ${formats.join(', ')}, which stays as it is, whatever size you ask for`
}
