import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { makePng, pngChunk } from './pictures.ts'

const SIDE = 64

/** Raw pixels of a red box on grey. */
function drawing(channels: 3 | 4): Buffer {
  const pixels = Buffer.alloc(SIDE * SIDE * channels, 230)
  for (let y = 16; y < 48; y++)
    for (let x = 20; x < 44; x++) pixels.set([200, x * 4, y * 3], (y * SIDE + x) * channels)
  return pixels
}

/** A JPEG that shows something. */
export function drawJpeg(): Promise<Buffer> {
  return sharp(drawing(3), { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg()
    .toBuffer()
}

/** A PNG that shows something. */
export function drawPng(): Promise<Buffer> {
  return sharp(drawing(3), { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer()
}

function plain(alpha: number): Promise<Buffer> {
  const background = { r: 90, g: 90, b: 90, alpha }
  return sharp({ create: { width: SIDE, height: SIDE, channels: 4, background } })
    .png()
    .toBuffer()
}

/** Pictures that begin as pictures do, and are damaged or show nothing, by the part of the reason. */
export async function badPictures(): Promise<Record<string, { bytes: Buffer; reason: string }>> {
  const png = await drawPng()
  const jpeg = await drawJpeg()
  const idat = png.indexOf('IDAT') + 4
  const end = idat + png.readUInt32BE(idat - 8)
  const flipped = (at: number) => {
    const copy = Buffer.from(png)
    copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at)
    return copy
  }
  const half = jpeg.subarray(0, jpeg.indexOf(Buffer.from([0xff, 0xda])) + 60)
  return {
    'rotten.png': {
      bytes: flipped(idat + 40),
      reason: 'the checksum of a chunk of the PNG (`IDAT`) is wrong',
    },
    'checksum.png': { bytes: flipped(end), reason: 'the checksum of a chunk of the PNG (`IDAT`) is wrong' },
    'header.png': { bytes: flipped(24), reason: 'the checksum of a chunk of the PNG (`IHDR`) is wrong' },
    'half-scan.jpg': { bytes: Buffer.concat([half, Buffer.from([0xff, 0xd9])]), reason: 'cannot be decoded' },
    'cut.jpg': { bytes: half, reason: 'cannot be decoded' },
    'dot.png': { bytes: Buffer.from(makePng(1, 1)), reason: 'shows nothing: it has 1 × 1 pixels' },
    'nothing.png': { bytes: await plain(0), reason: 'shows nothing: it is fully transparent' },
    'blank.png': { bytes: await plain(1), reason: 'shows nothing: it has a single colour' },
  }
}

/** Pictures that viewers show, and that the strictest decoder remarks on. */
export async function oddPictures(): Promise<Record<string, Buffer>> {
  const jpeg = await drawJpeg()
  const second = 4 + jpeg.readUInt16BE(4)
  const insert = (...junk: number[]) =>
    Buffer.concat([jpeg.subarray(0, second), Buffer.from(junk), jpeg.subarray(second)])
  return {
    'junk.jpg': insert(0, 0, 0, 0, 0),
    'stuffed.jpg': insert(0xff, 0x00, 0x00, 0x02),
    'filled.jpg': insert(0xff, 0xff, 0xff),
    'no-end.jpg': jpeg.subarray(0, -2),
    'appended.jpg': Buffer.concat([jpeg, Buffer.from('what a camera appends')]),
    'palette.png': await sharp(await drawPng())
      .png({ palette: true })
      .toBuffer(),
    'interlaced.png': await sharp(await drawPng())
      .png({ progressive: true })
      .toBuffer(),
  }
}

const HUGE = { width: 20_000, height: 14_000 }

/** A PNG of 280 megapixels, one bit each. */
export function hugePng(): Buffer {
  const row = 1 + HUGE.width / 8
  const pixels = Buffer.alloc(row * HUGE.height, 0xff)
  for (let y = 0; y < HUGE.height; y++) {
    pixels[y * row] = 0
    if (y > 4_000 && y < 10_000) pixels.fill(0, y * row + 800, y * row + 1_700)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(HUGE.width, 0)
  header.writeUInt32BE(HUGE.height, 4)
  header[8] = 1
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const chunks = [
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([signature, ...chunks])
}
