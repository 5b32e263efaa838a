import { once } from 'node:events'
import { crc32, createInflate } from 'node:zlib'

/** The size of an intact image, or what is wrong with it. */
export type WalkedImage = { width: number; height: number } | { problem: string }

const SIGNATURE_BYTES = 8
/** Length, type and checksum around the data of a chunk. */
const CHUNK_FRAME_BYTES = 12
const COLOR_TYPE = 25
const ALPHA_CHANNEL = 4
const TRUNCATED = 'is truncated: the PNG ends before its last chunk'

/** A chunk of a PNG. */
interface PngChunk {
  type: string
  data: Buffer
  /** The bytes that its checksum covers. */
  checked: Buffer
  checksum: number
}

/** Walks the chunks of a PNG to its last one. What follows that chunk does not matter. */
export function walkPng(bytes: Buffer): WalkedImage {
  if (bytes.length < SIGNATURE_BYTES + CHUNK_FRAME_BYTES + 13) return { problem: TRUNCATED }
  if (typeAt(bytes, SIGNATURE_BYTES) !== 'IHDR')
    return { problem: 'is damaged: the PNG does not start with its header' }
  const problem = faultIn(bytes)
  if (problem !== undefined) return { problem }
  const width = bytes.readUInt32BE(16)
  const height = bytes.readUInt32BE(20)
  return width > 0 && height > 0 ? { width, height } : { problem: 'is damaged: the PNG has no pixels' }
}

/** Whether an intact PNG has a transparency channel, or transparent colours. */
export function hasTransparency(bytes: Buffer): boolean {
  if ((bytes.readUInt8(COLOR_TYPE) & ALPHA_CHANNEL) !== 0) return true
  for (const { type } of chunksOf(bytes)) {
    if (type === 'tRNS') return true
    if (type === 'IDAT') return false
  }
  return false
}

/** The EXIF data of an intact PNG, a TIFF; viewers overlook what follows the pixels. */
export function exifOfPng(bytes: Buffer): Buffer | undefined {
  for (const { type, data } of chunksOf(bytes)) {
    if (type === 'eXIf') return data
    if (type === 'IDAT') return undefined
  }
  return undefined
}

/** Whether it is the kind of PNG that Xcode makes from the images of an app, which only Apple's systems can show. */
export function isApplePng(bytes: Buffer): boolean {
  return bytes.length >= SIGNATURE_BYTES + CHUNK_FRAME_BYTES && typeAt(bytes, SIGNATURE_BYTES) === 'CgBI'
}

/** The chunks of a PNG in which {@link walkPng} found no fault. */
function* chunksOf(bytes: Buffer): Generator<PngChunk> {
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= bytes.length;) {
    const end = at + CHUNK_FRAME_BYTES + bytes.readUInt32BE(at)
    const type = typeAt(bytes, at)
    const checked = bytes.subarray(at + 4, end - 4)
    yield { type, data: checked.subarray(4), checked, checksum: bytes.readUInt32BE(end - 4) }
    if (type === 'IEND') return
    at = end
  }
}

/** What is wrong with the chunks up to the last one; undefined if nothing is. */
function faultIn(bytes: Buffer): string | undefined {
  let hasPixels = false
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= bytes.length;) {
    const type = typeAt(bytes, at)
    if (!/^[A-Za-z]{4}$/.test(type)) return 'is damaged: a chunk of the PNG has no valid type'
    at += CHUNK_FRAME_BYTES + bytes.readUInt32BE(at)
    if (at > bytes.length) return TRUNCATED
    if (type === 'IDAT') hasPixels = true
    if (type === 'IEND') return hasPixels ? undefined : 'is damaged: the PNG has no pixels'
  }
  return TRUNCATED
}

function typeAt(bytes: Buffer, chunk: number): string {
  return bytes.toString('latin1', chunk + 4, chunk + 8)
}

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
