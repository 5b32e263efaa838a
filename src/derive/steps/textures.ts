import type { Texture } from '@gltf-transform/core'
import { need, type Tools } from '../libraries.ts'
import type { DerivationPlan } from '../steps.ts'
import { isReadable } from './readable.ts'
import type { Step } from './step.ts'

/** Pictures that are looked at; the others are numbers, where an error of one step shows as a wrong reflection. */
const COLOR_SLOTS = /^(?:baseColor|emissive|diffuse|specularColor|sheenColor)/
const COLOR_QUALITY = 80
const DATA_QUALITY = 90
const WEBP = 'image/webp'

/** Makes textures smaller, and WebP where that is wanted. */
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
  const { compressTexture, listTextureSlots } = tools.functions
  const side = sideOf(texture, plan)
  const toWebp = plan.textureFormat === 'webp'
  const isRight = !toWebp || texture.getMimeType() === WEBP
  if (side === undefined && isRight) return
  const before = texture.getImage()
  const isColor = listTextureSlots(texture).some((slot) => COLOR_SLOTS.test(slot))
  await compressTexture(texture, {
    encoder: need(tools, 'sharp'),
    ...(side !== undefined && { resize: [side, side] }),
    ...(toWebp && { targetFormat: 'webp', quality: isColor ? COLOR_QUALITY : DATA_QUALITY }),
  })
  if (isRight && plan.textureSize === undefined) keepLighter(texture, before)
}

/** Few colours in many pixels can take less than many in few, where nobody asked for just this size. */
function keepLighter(texture: Texture, before: Uint8Array | null): void {
  const after = texture.getImage()
  if (before && after && after.length > before.length) texture.setImage(before)
}

/**
 * The longest side that a texture is to have; undefined where it has no more than that. A level of detail is looked at
 * from where it covers as small a part of the screen as it has of the triangles.
 */
function sideOf(texture: Texture, { textureSize = Infinity, level = 1 }: DerivationPlan): number | undefined {
  const longest = Math.max(...(texture.getSize() ?? [Infinity]))
  const side = Math.min(longest, textureSize) * Math.sqrt(level)
  if (side >= longest || side === Infinity) return undefined
  // Blocks of compressed textures on graphics cards have four pixels a side.
  return level === 1 ? side : Math.max(4, Math.round(side / 4) * 4)
}

function keptNote(kept: readonly Texture[]): string {
  const formats = [...new Set(kept.map((texture) => texture.getMimeType().replace('image/', '')))]
  const count = kept.length === 1 ? 'one of its textures is' : `${kept.length} of its textures are`
  return `${count} ${formats.join(', ')}, which stays as it is, whatever size is asked for`
}
