/** The size of an intact image, or what is wrong with it. */
export type WalkedImage = { width: number; height: number } | { problem: string }

const SIGNATURE_BYTES = 8
/** Length, type and checksum around the data of a chunk. */
const CHUNK_FRAME_BYTES = 12
const COLOR_TYPE = 25
const ALPHA_CHANNEL = 4
const TRUNCATED = 'is truncated: the PNG ends before its last chunk'

/** A chunk of a PNG. */
export interface PngChunk {
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

/** Whether it is the kind of PNG that Xcode makes from the images of an app, which only Apple's systems can show. */
export function isApplePng(bytes: Buffer): boolean {
  return bytes.length >= SIGNATURE_BYTES + CHUNK_FRAME_BYTES && typeAt(bytes, SIGNATURE_BYTES) === 'CgBI'
}

/** The chunks of a PNG in which {@link walkPng} found no fault. */
export function* chunksOf(bytes: Buffer): Generator<PngChunk> {
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
