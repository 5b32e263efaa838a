import type { Texture } from '@gltf-transform/core'

const READABLE = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/avif'])

/** Whether the pixels of a texture can be read; those of formats for graphics cards cannot. */
export function isReadable(texture: Texture): boolean {
  return READABLE.has(texture.getMimeType())
}
