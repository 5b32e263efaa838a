import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { DerivationPlan } from '../../src/finding/steps.ts'
import { openIo, Sample } from './support/sample.ts'

/** Stripes of two colours: few bytes as PNG, many as WebP. */
const STRIPES = Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 3 === 0 ? 230 : 20))

async function texturesAfter(plan: DerivationPlan, image: Uint8Array) {
  const sample = new Sample()
  const texture = sample.document.createTexture('Stripes').setImage(image).setMimeType('image/png')
  const cloth = sample.document.createMaterial('Cloth').setBaseColorTexture(texture)
  sample.node('Sheet', sample.primitive().setMaterial(cloth))
  const { glb } = await deriveModel(await sample.write(), { plan, extras: {} })
  const document = await (await openIo()).readBinary(glb)
  const [after] = document.getRoot().listTextures()
  return { type: after?.getMimeType(), bytes: after?.getImage()?.length ?? 0, size: after?.getSize() }
}

describe('a texture of few colours', () => {
  it('stays as it is with `optimize` where WebP would take more', async () => {
    const image = await sharp(new Uint8Array(STRIPES), { raw: { width: 64, height: 64, channels: 3 } })
      .png({ palette: true })
      .toBuffer()

    expect(await texturesAfter({ optimize: true }, image)).toMatchObject({
      type: 'image/png',
      bytes: image.length,
    })
    expect((await texturesAfter({ textureFormat: 'webp' }, image)).type).toBe('image/webp')
  })
})

describe('a texture that is a strip', () => {
  it.each([
    [256, 1, { textureSize: 16 }, [256, 1]],
    [512, 8, { textureSize: 32 }, [64, 1]],
    [256, 2, { level: 0.1 }, [128, 1]],
  ] as const)('of %i × %i keeps a row', async (width, height, plan, size) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
    const create = { width, height, channels: 3, background: 'grey', noise } as const
    const image = await sharp({ create }).png().toBuffer()

    expect((await texturesAfter(plan, image)).size).toEqual(size)
  })
})
