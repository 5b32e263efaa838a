import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { imageSize } from '../../src/glb/image-size.ts'
import { codeOf } from './fixtures.ts'
import { makeJpeg, makePng } from './pictures.ts'

describe('imageSize', () => {
  it('reads PNG, with and without transparency', () => {
    expect(imageSize(makePng(7, 3))).toEqual({ mime: 'image/png', width: 7, height: 3, alpha: false })
    expect(imageSize(makePng(7, 3, { alpha: true }))).toMatchObject({ alpha: true })
  })

  it('reads JPEG, baseline and progressive, behind other segments', async () => {
    const { default: sharp } = await import('sharp')
    const progressive = await sharp(await makeJpeg(9, 4))
      .jpeg({ progressive: true })
      .withExif({ IFD0: { Artist: 'x' } })
      .toBuffer()

    expect(imageSize(await makeJpeg(9, 4))).toEqual({ mime: 'image/jpeg', width: 9, height: 4, alpha: false })
    expect(imageSize(progressive)).toEqual({ mime: 'image/jpeg', width: 9, height: 4, alpha: false })
  })

  it.each([
    [1, [9, 4]],
    [3, [9, 4]],
    [6, [4, 9]],
    [8, [4, 9]],
  ])('turns a JPEG of orientation %i as viewers do', async (orientation, size) => {
    const { default: sharp } = await import('sharp')
    const turned = await sharp(await makeJpeg(9, 4))
      .jpeg()
      .withMetadata({ orientation })
      .toBuffer()

    const { width, height } = imageSize(turned)

    expect([width, height]).toEqual(size)
  })

  it('does not turn a JPEG of an orientation that there is not', async () => {
    const { default: sharp } = await import('sharp')
    const turned = await sharp(await makeJpeg(9, 4))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer()
    // Its tag and type, one value, 6: either way round.
    const little = turned.indexOf(Buffer.from('120103000100000006', 'hex'))
    const big = turned.indexOf(Buffer.from('01120003000000010006', 'hex'))
    turned[little < 0 ? big + 9 : little + 8] = 9

    const { width, height } = imageSize(turned)

    expect(Math.max(little, big)).toBeGreaterThan(0)
    expect([width, height]).toEqual([9, 4])
  })

  it('finds the transparency of a PNG with a palette', async () => {
    const { default: sharp } = await import('sharp')
    const palette = await sharp(makePng(4, 4, { alpha: true }))
      .png({ palette: true })
      .toBuffer()

    expect(imageSize(palette)).toMatchObject({ alpha: true })
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['this text', readFileSync(new URL(import.meta.url))],
    ['a truncated PNG', makePng(4, 4).subarray(0, 20)],
    ['a truncated JPEG', Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
    ['a PNG without size', makePng(0, 4)],
  ])('refuses %s', (_, bytes) => {
    expect(codeOf(() => imageSize(bytes)).code).toBe('MESHY_IMAGE_INVALID')
  })
})
