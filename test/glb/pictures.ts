import { deflateSync } from 'node:zlib'

/** A real PNG of one colour, but for its first pixel: what shows one colour alone shows nothing. */
export function makePng(
  width: number,
  height: number,
  { alpha = false, color = [200, 80, 40] } = {},
): Uint8Array {
  const pixel = alpha ? [...color, 128] : color
  const row = [0, ...Array.from({ length: width }, () => pixel).flat()]
  const pixels = Buffer.from(Array.from({ length: height }, () => row).flat())
  if (width * height > 1) pixels.set(color.map((value) => 255 - value).slice(0, 3), 1)
  return encodePng(pixels, { width, height, colors: alpha ? 6 : 2 })
}

/** A real PNG of grain, as large as pictures are, which shows nothing: its stand-in is made in a sixth of the time. */
export function makeGrain(side = 64): Uint8Array {
  let state = 1
  const next = () => (state = (state * 48_271) % 2_147_483_647) & 255
  const rows = Array.from({ length: side }, () => [0, ...Array.from({ length: side * 3 }, next)])
  return encodePng(Buffer.from(rows.flat()), { width: side, height: side, colors: 2 })
}

/** @param pixels rows, each behind the number of its filter */
function encodePng(
  pixels: Buffer,
  { width, height, colors }: { width: number; height: number; colors: number },
): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colors, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const chunks = [
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]
  return new Uint8Array(Buffer.concat([signature, ...chunks]))
}

/** A real JPEG whose left half is dark and whose right half is light: what shows one colour alone shows nothing. */
export async function makeJpeg(width = 2, height = 1): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const row = Array.from({ length: width }, (_, x) =>
    x < width / 2 ? [10, 90, 200] : [240, 220, 180],
  ).flat()
  const pixels = Buffer.from(Array.from({ length: height }, () => row).flat())
  return new Uint8Array(
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer(),
  )
}

export function toDataUri(bytes: Uint8Array, mime = 'image/png'): string {
  return `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length, 0)
  chunk.set(body, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  return chunk
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
