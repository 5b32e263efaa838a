import type { Material, Texture } from '@gltf-transform/core'
import type { Sharp } from 'sharp'
import { need, type Tools } from './libraries.ts'

/**
 * Opens an image for its numbers as stored. Viewers ignore color profiles of textures, as glTF 2.0 says; applying one
 * would also turn the directions in a normal map.
 */
export function openPixels(image: Uint8Array, tools: Tools): Sharp {
  return need(tools, 'sharp')(image, { ignoreIcc: true })
}

/**
 * Whether a texture has colors where its alpha is 0 that are visible: alpha is ignored by opaque materials, and other
 * kinds of textures use it as one more number.
 */
export async function hasHiddenColors(texture: Texture, tools: Tools): Promise<boolean> {
  const image = texture.getImage()
  if (!image || isTransparency(texture, tools)) return false
  const { hasAlpha } = await openPixels(image, tools).metadata()
  return hasAlpha && !(await openPixels(image, tools).stats()).isOpaque
}

function isTransparency(texture: Texture, { functions }: Tools): boolean {
  const materials = texture.listParents().filter((parent): parent is Material => isMaterial(parent))
  return (
    functions.listTextureSlots(texture).every((slot) => slot === 'baseColorTexture') &&
    materials.every((material) => material.getAlphaMode() !== 'OPAQUE')
  )
}

function isMaterial({ propertyType }: { propertyType: string }): boolean {
  return propertyType === 'Material'
}

/** Resizes each channel on its own. Otherwise, colors are multiplied by alpha, and lost where that is 0. */
export async function resizeChannels(
  open: () => Sharp,
  [width, height]: readonly [width: number, height: number],
  tools: Tools,
): Promise<Sharp> {
  const sharp = need(tools, 'sharp')
  const alpha = await open()
    .resize(width, height, { fit: 'fill' })
    .extractChannel('alpha')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const colors = await open().removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return sharp(colors.data, { raw: colors.info })
    .resize(width, height, { fit: 'fill' })
    .joinChannel(alpha.data, { raw: alpha.info })
}
