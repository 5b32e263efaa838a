import { once } from 'node:events'
import { crc32, createInflate } from 'node:zlib'
import { chunksOf, type PngChunk } from './png.ts'

/** Chunks that affect what is visible. Viewers ignore a wrong checksum of any other chunk. */
const DECIDING = /^(?:IHDR|PLTE|tRNS|IDAT|IEND)$/
/** Samples per pixel by colour type, and the bits that a sample may have. */
const COLOR_TYPES: Record<number, { samples: number; bits: readonly number[] }> = {
  0: { samples: 1, bits: [1, 2, 4, 8, 16] },
  2: { samples: 3, bits: [8, 16] },
  3: { samples: 1, bits: [1, 2, 4, 8] },
  4: { samples: 2, bits: [8, 16] },
  6: { samples: 4, bits: [8, 16] },
}
/** Where the passes of an interlaced PNG start, and how far apart their pixels are. */
const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
] // prettier-ignore
const ONE_PASS = [{ x: 0, y: 0, dx: 1, dy: 1 }]

/**
 * What is wrong with a PNG that was walked to its end: a checksum that does not match, pixels that cannot be
 * decompressed, or too few pixels. Undefined if nothing is. Decompresses it once, and keeps none of it.
 */
export async function provePng(bytes: Buffer): Promise<string | undefined> {
  const chunks = [...chunksOf(bytes)].filter(({ type }) => DECIDING.test(type))
  const wrong = chunks.find(({ checked, checksum }) => crc32(checked) !== checksum)
  if (wrong) return `is damaged: the checksum of a chunk of the PNG (\`${wrong.type}\`) is wrong`
  const header = chunks.find(({ type }) => type === 'IHDR')
  const expected = header && unpackedBytes(header.data)
  if (expected === undefined) return 'is damaged: the PNG header is invalid'
  const found = await unpack(
    chunks.filter(({ type }) => type === 'IDAT'),
    expected,
  )
  if (found === undefined) return 'is damaged: the pixels of the PNG cannot be decompressed'
  return found < expected ? 'is damaged: the PNG has fewer pixels than its header says' : undefined
}

/** The size of the pixels of a PNG in bytes, including the byte before each row. Undefined for an invalid header. */
function unpackedBytes(header: Buffer): number | undefined {
  if (header.length < 13) return undefined
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [bits, colorType, , , interlace] = header.subarray(8)
  const kind = COLOR_TYPES[colorType ?? -1]
  if (bits === undefined || !kind?.bits.includes(bits)) return undefined
  const passes = interlace === 1 ? ADAM7 : ONE_PASS
  return passes.reduce((sum, { x, y, dx, dy }) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)]
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * kind.samples * bits) / 8)) : sum
  }, 0)
}

/** The size to which the chunks decompress, up to what is enough; undefined if they cannot be decompressed. */
async function unpack(chunks: readonly PngChunk[], enough: number): Promise<number | undefined> {
  const inflate = createInflate()
  let bytes = 0
  inflate.on('data', (part: Buffer) => {
    bytes += part.length
    // More than that is not an image, and might never end.
    if (bytes > enough) inflate.destroy()
  })
  try {
    const over = once(inflate, 'close')
    for (const { data } of chunks) inflate.write(data)
    inflate.end()
    await over
  } catch (error) {
    if (!isOfZlib(error)) throw error
    // Errors after the last pixel are not visible.
    if (bytes < enough) return undefined
  }
  return bytes
}

function isOfZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
