import { describe, expect, it } from 'vitest'
import sharp from 'sharp'
import { isOnItsSide } from '../../src/request/image-format.ts'
import { hasTransparency } from '../../src/request/png.ts'
import { makeJpeg, makePng } from '../glb/pictures.ts'

describe('isOnItsSide', () => {
  it.each([
    [1, false],
    [3, false],
    [6, true],
    [8, true],
  ])('is as viewers turn a JPEG of orientation %i: %s', async (orientation, isTurned) => {
    expect(isOnItsSide(await turnedJpeg(orientation))).toBe(isTurned)
  })

  it('is false for an orientation that there is not, and for a JPEG that says none', async () => {
    const turned = await turnedJpeg(6)
    // Its tag and type, one value, 6: either way round.
    const little = turned.indexOf(Buffer.from('120103000100000006', 'hex'))
    const big = turned.indexOf(Buffer.from('01120003000000010006', 'hex'))
    turned[little < 0 ? big + 9 : little + 8] = 9

    expect(Math.max(little, big)).toBeGreaterThan(0)
    expect(isOnItsSide(turned)).toBe(false)
    expect(isOnItsSide(Buffer.from(await makeJpeg(9, 4)))).toBe(false)
  })
})

describe('isOnItsSide of a PNG', () => {
  it('is as viewers turn it, which overlook what follows the pixels', async () => {
    const png = await sharp(makePng(9, 4)).withMetadata({ orientation: 6 }).png().toBuffer()
    const [exif, pixels, end] = ['eXIf', 'IDAT', 'IEND'].map((type) => png.indexOf(type) - 4)
    const late = [
      png.subarray(0, exif),
      png.subarray(pixels, end),
      png.subarray(exif, pixels),
      png.subarray(end),
    ]

    expect(isOnItsSide(png)).toBe(true)
    expect(isOnItsSide(Buffer.concat(late))).toBe(false)
    expect(isOnItsSide(Buffer.from(makePng(9, 4)))).toBe(false)
  })
})

describe('hasTransparency', () => {
  it('is true for a channel, and for transparent colours of a palette', async () => {
    const transparent = makePng(7, 3, { alpha: true })
    const palette = await sharp(transparent).png({ palette: true }).toBuffer()

    expect(hasTransparency(Buffer.from(transparent))).toBe(true)
    expect(palette.readUInt8(25)).toBe(3)
    expect(hasTransparency(palette)).toBe(true)
    expect(hasTransparency(Buffer.from(makePng(7, 3)))).toBe(false)
  })
})

async function turnedJpeg(orientation: number): Promise<Buffer> {
  return sharp(await makeJpeg(9, 4))
    .jpeg()
    .withMetadata({ orientation })
    .toBuffer()
}
