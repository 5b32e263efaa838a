import { MeshyError } from '../system/errors.ts'

/** The contents of an image header. */
export interface ImageHeader {
  mime: 'image/png' | 'image/jpeg'
  /** In pixels, as viewers show it: they rotate a JPEG as its EXIF data says. */
  width: number
  height: number
  /** Whether the file has a transparency channel. */
  alpha: boolean
}

/** Reads the size and kind of a PNG or JPEG from its header. Throws `MESHY_IMAGE_INVALID` for anything else. */
export function imageSize(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = isPng(view) ? readPng(view) : isJpeg(view) ? readJpeg(view) : undefined
  if (!header) throw invalid('its contents are neither PNG nor JPEG')
  if (header.width === 0 || header.height === 0) throw invalid('its size is zero')
  return header
}

function isPng(view: DataView): boolean {
  return view.byteLength >= 8 && view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a
}

function isJpeg(view: DataView): boolean {
  return view.byteLength >= 3 && view.getUint16(0) === 0xffd8 && view.getUint8(2) === 0xff
}

const IHDR = 0x49484452
const IDAT = 0x49444154
const TRNS = 0x74524e53

function readPng(view: DataView): ImageHeader {
  if (view.byteLength < 33 || view.getUint32(12) !== IHDR) throw invalid('its PNG header is truncated')
  const colorType = view.getUint8(25)
  const alpha = (colorType & 4) !== 0 || hasTransparencyChunk(view)
  return { mime: 'image/png', width: view.getUint32(16), height: view.getUint32(20), alpha }
}

function hasTransparencyChunk(view: DataView): boolean {
  for (let at = 33; at + 8 <= view.byteLength; at += view.getUint32(at) + 12) {
    const type = view.getUint32(at + 4)
    if (type === TRNS) return true
    if (type === IDAT) return false
  }
  return false
}

function readJpeg(view: DataView): ImageHeader {
  let isOnItsSide = false
  for (let at = nextMarker(view, 2); at + 9 <= view.byteLength; at = nextMarker(view, at)) {
    const marker = view.getUint8(at + 1)
    if (marker === EXIF) isOnItsSide ||= ON_ITS_SIDE.has(orientationIn(view, at) ?? UPRIGHT)
    if (isFrame(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)]
      const shown = isOnItsSide ? { width: height, height: width } : { width, height }
      return { mime: 'image/jpeg', ...shown, alpha: false }
    }
    // Restart markers have no length.
    at += marker >= 0xd0 && marker <= 0xd8 ? 2 : 2 + view.getUint16(at + 2)
  }
  throw invalid('its JPEG header is truncated')
}

const EXIF = 0xe1
const EXIF_NAME = 0x45786966
const ORIENTATION = 0x0112
/** Four of the eight orientations are upright, possibly upside down or mirrored. */
const ON_ITS_SIDE: ReadonlySet<number> = new Set([5, 6, 7, 8])
const UPRIGHT = 1
const ENTRY_BYTES = 12

/** The orientation in an EXIF segment (EXIF 2.3, section 4.6: a TIFF after a name of six bytes). */
function orientationIn(view: DataView, segment: number): number | undefined {
  const end = Math.min(view.byteLength, segment + 2 + view.getUint16(segment + 2))
  const tiff = segment + 10
  if (tiff + 8 > end || view.getUint32(segment + 4) !== EXIF_NAME) return undefined
  const isLittle = view.getUint8(tiff) === 0x49
  const directory = tiff + view.getUint32(tiff + 4, isLittle)
  if (directory + 2 > end) return undefined
  const entries = directory + 2
  const last = Math.min(end, entries + view.getUint16(directory, isLittle) * ENTRY_BYTES)
  for (let at = entries; at + ENTRY_BYTES <= last; at += ENTRY_BYTES) {
    if (view.getUint16(at, isLittle) === ORIENTATION) return view.getUint16(at + 8, isLittle)
  }
  return undefined
}

/** Viewers skip whatever precedes a marker: fill bytes, and what cameras and editors leave behind. */
function nextMarker(view: DataView, from: number): number {
  let at = from
  while (at + 1 < view.byteLength && !isMarker(view, at)) at++
  return at
}

function isMarker(view: DataView, at: number): boolean {
  const next = view.getUint8(at + 1)
  return view.getUint8(at) === 0xff && next !== 0x00 && next !== 0xff
}

/** Start of frame, excluding the three other markers in that range (Huffman table, extension, arithmetic table). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function invalid(reason: string): MeshyError {
  return new MeshyError('MESHY_IMAGE_INVALID', {
    message: `The image cannot be used: ${reason}.`,
    hint: 'Export the image as PNG or JPEG.',
  })
}
