import type { WalkedImage } from './image-format.ts'

const END_OF_IMAGE = 0xd9
const START_OF_SCAN = 0xda
const TRUNCATED = 'is truncated: the JPEG ends before its end marker'
const DAMAGED = 'is damaged: the JPEG has no marker where one must be'

/** Walks the segments and scans of a JPEG to its end marker. What follows, as cameras append it, does not matter. */
export function walkJpeg(bytes: Buffer): WalkedImage {
  let size: { width: number; height: number } | undefined
  // Behind the start marker, which has been recognised.
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) return { problem: DAMAGED }
    const marker = bytes.readUInt8(at + 1)
    if (marker === END_OF_IMAGE) return size ?? { problem: 'is damaged: the JPEG has no frame' }
    if (isFrame(marker) && at + 9 <= bytes.length) {
      size = { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
    }
    at = nextMarker(bytes, at, marker)
  }
  return { problem: TRUNCATED }
}

/** Offset of the marker after the one at `at`; past the end when it is missing. */
function nextMarker(bytes: Buffer, at: number, marker: number): number {
  // Any number of fill bytes may stand before a marker.
  if (marker === 0xff) return at + 1
  if (isStandalone(marker)) return at + 2
  if (at + 4 > bytes.length) return bytes.length
  const end = at + 2 + bytes.readUInt16BE(at + 2)
  return marker === START_OF_SCAN ? endOfScan(bytes, end) : end
}

/** Offset of the first marker that is no part of the compressed pixels. */
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
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
}

/** Start of frame, without the three other markers of that range: Huffman table, extension, arithmetic table. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}
