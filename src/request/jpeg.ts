import type { WalkedImage } from './png.ts'

const END_OF_IMAGE = 0xd9
const START_OF_SCAN = 0xda
const START = Buffer.from([0xff, 0xd8])
const END = Buffer.from([0xff, END_OF_IMAGE])
const TRUNCATED = 'is truncated: the JPEG ends before its end marker'

/**
 * Walks the segments and scans of a JPEG to its end marker. What follows, such as data that cameras append, does not
 * matter, nor does what lies between segments. If the end marker is missing, pixels may be missing too; only a decoder
 * can tell.
 */
export function walkJpeg(bytes: Buffer): WalkedImage {
  let size: { width: number; height: number } | undefined
  let hasPixels = false
  let isEnded = false
  for (const { marker, start, end } of segmentsOf(bytes)) {
    if (isFrame(marker) && start + 9 <= bytes.length) {
      size = { width: bytes.readUInt16BE(start + 7), height: bytes.readUInt16BE(start + 5) }
    }
    hasPixels ||= marker === START_OF_SCAN && end > afterHeader(bytes, start)
    isEnded = marker === END_OF_IMAGE
  }
  if (!isEnded && !(size && hasPixels)) return { problem: TRUNCATED }
  if (!size) return { problem: 'is damaged: the JPEG has no frame' }
  return size.width > 0 && size.height > 0 ? size : { problem: 'is damaged: the JPEG has no pixels' }
}

/** What is wrong with a JPEG, as far as that is visible without decoding it; undefined if nothing is. */
export function proveJpeg(bytes: Buffer): string | undefined {
  const walked = walkJpeg(bytes)
  if ('problem' in walked) return walked.problem
  return [...segmentsOf(bytes)].at(-1)?.marker === END_OF_IMAGE ? undefined : TRUNCATED
}

/** Only the segments of a JPEG, with the end marker: a decoder can then only complain about missing or wrong pixels. */
export function tidyJpeg(bytes: Buffer): Buffer {
  const parts = [...segmentsOf(bytes)].filter(({ marker }) => marker !== END_OF_IMAGE)
  return Buffer.concat([START, ...parts.map(({ start, end }) => bytes.subarray(start, end)), END])
}

const EXIF = 0xe1
/** Marker, length and the name of the segment. */
const EXIF_HEAD_BYTES = 10

/** The EXIF data of a JPEG, a TIFF. */
export function exifOfJpeg(bytes: Buffer): Buffer | undefined {
  for (const { marker, start, end } of segmentsOf(bytes)) {
    if (isFrame(marker)) return undefined
    const isExif = marker === EXIF && bytes.toString('latin1', start + 4, start + 8) === 'Exif'
    if (isExif) return bytes.subarray(start + EXIF_HEAD_BYTES, end)
  }
  return undefined
}

interface Segment {
  marker: number
  /** The position of its marker. */
  start: number
  /** The end of its data; for a scan, the end of the compressed pixels. */
  end: number
}

/** The segments after the start marker, up to the end marker or the end of the bytes. */
function* segmentsOf(bytes: Buffer): Generator<Segment> {
  for (let start = findMarker(bytes, 2); start !== undefined;) {
    const marker = bytes.readUInt8(start + 1)
    const end = Math.min(bytes.length, endOf(bytes, start, marker))
    yield { marker, start, end }
    if (marker === END_OF_IMAGE) return
    start = findMarker(bytes, end)
  }
}

/**
 * Offset of the next marker. Decoders skip whatever precedes a marker: Photoshop and cameras leave bytes there, and any
 * number of fill bytes is allowed.
 */
function findMarker(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length;) {
    const next = bytes[at + 1]
    if (next !== 0x00 && next !== 0xff) return at
    at = bytes.indexOf(0xff, next === 0xff ? at + 1 : at + 2)
  }
  return undefined
}

function endOf(bytes: Buffer, start: number, marker: number): number {
  if (isStandalone(marker)) return start + 2
  const end = afterHeader(bytes, start)
  return marker === START_OF_SCAN ? endOfScan(bytes, end) : end
}

/** The end of a segment with a length; for a scan, that is only its header. */
function afterHeader(bytes: Buffer, start: number): number {
  return start + 4 <= bytes.length ? start + 2 + bytes.readUInt16BE(start + 2) : bytes.length
}

/** Offset of the first marker that is not part of the compressed pixels. */
function endOfScan(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(0xff, start)
  while (at >= 0 && isPixelData(bytes[at + 1])) at = bytes.indexOf(0xff, at + 2)
  return at < 0 ? bytes.length : at
}

/** A stuffed zero or a restart marker. */
function isPixelData(afterFf: number | undefined): boolean {
  return afterFf === 0 || (afterFf !== undefined && afterFf >= 0xd0 && afterFf <= 0xd7)
}

function isStandalone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= END_OF_IMAGE)
}

/** Start of frame, excluding the three other markers in that range: Huffman table, extension, arithmetic table. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}
