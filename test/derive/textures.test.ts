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

const SIDE = 128

/** On the left, orange and grey tiles with an alpha of 0; on the right, an opaque blue. */
async function withHiddenColors() {
  const pixels = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)]
    if (x >= SIDE / 2) return [20, 40, 200, 255]
    return (Math.floor(x / 32) + Math.floor(y / 32)) % 2 === 0 ? [230, 120, 20, 0] : [90, 90, 90, 0]
  })
  const raw = { width: SIDE, height: SIDE, channels: 4 } as const
  return await sharp(new Uint8Array(pixels.flat()), { raw }).png().toBuffer()
}

/** The colors of a texture after a derivation: of its top left tile, and of the one beside it. */
async function tilesAfter(plan: DerivationPlan, sample: Sample) {
  const { glb } = await deriveModel(await sample.write(), { plan, extras: {} })
  const [texture] = (await (await openIo()).readBinary(glb)).getRoot().listTextures()
  const picture = sharp(texture?.getImage() ?? undefined).removeAlpha()
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const at = (x: number) => {
    const start = (Math.floor(info.height / 8) * info.width + Math.floor(x * info.width)) * 3
    return [...data.subarray(start, start + 3)]
  }
  return { orange: at(1 / 8), grey: at(3 / 8) }
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  for (const [channel, value] of expected.entries()) {
    expect(Math.abs((found[channel] ?? NaN) - value), `${found.join()} for ${expected.join()}`).toBeLessThan(
      25,
    )
  }
}

describe('a texture whose alpha is not the transparency of its material', () => {
  const PLANS: DerivationPlan[] = [
    { textureSize: 64 },
    { textureFormat: 'webp' },
    { textureFormat: 'webp', textureSize: 64 },
    { level: 0.25 },
  ]

  it.each(PLANS)('shows the same where its alpha is 0, after %j', async (plan) => {
    const sample = new Sample()
    const image = new Uint8Array(await withHiddenColors())
    const texture = sample.document.createTexture('Tiles').setImage(image).setMimeType('image/png')
    const tiles = sample.document.createMaterial('Tiles').setBaseColorTexture(texture)
    sample.node('Sheet', sample.primitive().setMaterial(tiles))

    const { orange, grey } = await tilesAfter(plan, sample)

    expectClose(orange, [230, 120, 20])
    expectClose(grey, [90, 90, 90])
  })
})

describe('a normal map with a color profile', () => {
  it.each<DerivationPlan>([{ textureSize: 64 }, { textureFormat: 'webp' }])(
    'has the same directions after %j',
    async (plan) => {
      const create = { width: SIDE, height: SIDE, channels: 3, background: 'rgb(200,60,220)' } as const
      const profiled = await sharp({ create }).png().withIccProfile('p3').toBuffer()
      const [x = 0, y = 0, z = 0] = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer()
      const sample = new Sample()
      const texture = sample.document.createTexture().setImage(new Uint8Array(profiled))
      const bumpy = sample.document.createMaterial().setNormalTexture(texture.setMimeType('image/png'))
      sample.node('Sheet', sample.primitive().setMaterial(bumpy))

      const { orange: direction } = await tilesAfter(plan, sample)

      expect([200 - x, y - 60].every((turned) => turned > 8)).toBe(true)
      for (const [axis, value] of [x, y, z].entries())
        expect(Math.abs((direction[axis] ?? NaN) - value)).toBeLessThan(3)
    },
  )
})
