import { once } from 'node:events'
import { crc32, createInflate } from 'node:zlib'
import { chunksOf, type PngChunk } from './png.ts'

/** Chunks that decide what is seen. Viewers pass over a wrong checksum of any other one. */
const DECIDING = /^(?:IHDR|PLTE|tRNS|IDAT|IEND)$/
/** Samples of a pixel by colour type, and the bits that a sample may have. */
const COLOR_TYPES: Record<number, { samples: number; bits: readonly number[] }> = {
  0: { samples: 1, bits: [1, 2, 4, 8, 16] },
  2: { samples: 3, bits: [8, 16] },
  3: { samples: 1, bits: [1, 2, 4, 8] },
  4: { samples: 2, bits: [8, 16] },
  6: { samples: 4, bits: [8, 16] },
}
/** Where the passes of an interlaced PNG begin, and how far apart their pixels are. */
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
 * What is wrong with a PNG that was walked to its end: a checksum that does not match, pixels that cannot be unpacked, or
 * that are too few. Undefined when nothing is. Unpacks it once, and keeps none of it.
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

/** How many bytes the pixels of a PNG are, with the byte before each row. Undefined for what is no valid header. */
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

/** How many bytes the chunks unpack to, up to what is enough; undefined when they cannot be unpacked. */
async function unpack(chunks: readonly PngChunk[], enough: number): Promise<number | undefined> {
  const inflate = createInflate()
  let bytes = 0
  inflate.on('data', (part: Buffer) => {
    bytes += part.length
    // More than that is no picture, and might never end.
    if (bytes > enough) inflate.destroy()
  })
  try {
    const over = once(inflate, 'close')
    for (const { data } of chunks) inflate.write(data)
    inflate.end()
    await over
  } catch (error) {
    if (!isOfZlib(error)) throw error
    // What is wrong behind the last pixel is not seen.
    if (bytes < enough) return undefined
  }
  return bytes
}

function isOfZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
