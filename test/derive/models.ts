import { NodeIO, type Texture } from '@gltf-transform/core'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { inject } from 'vitest'
import { makeMesh } from '../../src/stand-in/mesher/mesher.ts'
import { oncePerRun } from '../support/once-per-run.ts'
import { emoji, type Emoji } from '../stand-in/mesher/pictures.ts'

export interface HeavyModel {
  /** @default 30_000 */
  triangles?: number
  /** Side of each map. @default 2048 */
  pixels?: number
}

/**
 * A model as heavy as those of the service: a closed mesh of a picture with base color, normal and metallic-roughness
 * maps, all with grain, so that they do not compress like flat colours.
 */
export async function heavyModel(
  name: Emoji,
  { triangles = 30_000, pixels = 2048 }: HeavyModel = {},
): Promise<Buffer<ArrayBuffer>> {
  const id = `heavy-${name}-${triangles}-${pixels}`
  const { file } = await oncePerRun(id, async () => {
    const glb = path.join(inject('run'), `${id}.glb`)
    await writeFile(glb, await makeHeavy(name, { triangles, pixels }))
    return { file: glb }
  })
  return await readFile(file)
}

async function makeHeavy(
  name: Emoji,
  { triangles, pixels }: Required<HeavyModel>,
): Promise<Buffer<ArrayBuffer>> {
  const { glb } = await makeMesh([await emoji(name, 512)], { name, triangles, texture: true, pbr: true })
  const io = new NodeIO()
  const document = await io.readBinary(glb)
  for (const texture of document.getRoot().listTextures()) await enlarge(texture, pixels)
  return Buffer.from(new Uint8Array(await io.writeBinary(document)))
}

/** Grain does not get much smaller by more work. */
const FAST = { compressionLevel: 1 }

async function enlarge(texture: Texture, pixels: number): Promise<void> {
  const grain = { type: 'gaussian', mean: 128, sigma: 10 } as const
  const create = { width: pixels, height: pixels, channels: 3, background: 'grey', noise: grain } as const
  const picture = sharp(texture.getImage() ?? undefined)
    .removeAlpha()
    .resize(pixels, pixels, { fit: 'fill' })
    .composite([{ input: await sharp({ create }).png(FAST).toBuffer(), blend: 'soft-light' }])
  const isColor = texture.getMimeType() === 'image/jpeg'
  const encoded = isColor ? picture.jpeg({ quality: 95 }) : picture.png(FAST)
  texture.setImage(new Uint8Array(await encoded.toBuffer()))
}
