import type { ImageMime } from './request.ts'
import { exifOfJpeg, walkJpeg } from './jpeg.ts'
import { exifOfPng, isApplePng, walkPng, type WalkedImage } from './png.ts'

/** What the bytes of an image say, or why they cannot be used: the rest of a sentence that starts with its name. */
type ImageFormat = { mime: ImageMime; width: number; height: number } | { problem: string; hint: string }

export const EXPORT_AGAIN = 'Export it again as PNG or JPEG.'

const APPLE_PNG = {
  problem:
    'is a PNG that Xcode packed for apps (CgBI), which other programs cannot read; expected a plain PNG',
  hint: 'Use the image from before it was packed, or unpack it: `xcrun pngcrush -revert-iphone-optimizations in.png out.png`.',
}

/** Formats that people have under a `.png` name, by their first bytes. */
const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^RIFF[\s\S]{4}WEBP/, 'a WebP image'],
  [/^GIF8/, 'a GIF image'],
  [/^[\s\S]{4}ftyp(?:avif|avis)/, 'an AVIF image'],
  [/^[\s\S]{4}ftyp(?:hei[cxms]|hev[cxms]|mif[12]|msf1)/, 'a HEIC image'],
  [/^[\s\S]{4}ftypcrx /, 'a raw camera image (CR3)'],
  [/^[\s\S]{4}ftyp/, 'a video or an image of a related format (MP4, MOV)'],
  [/^(?:\xff\n|[\s\S]{4}JXL \r\n)/, 'a JPEG XL image'],
  [/^(?:\xffO\xffQ|[\s\S]{4}jP {2}\r\n)/, 'a JPEG 2000 image'],
  [/^II\xbc/, 'a JPEG XR image'],
  [/^8BPS/, 'a Photoshop document (PSD)'],
  [/^gimp xcf/, 'a GIMP document (XCF)'],
  [/^\0\0[^\0\w\s]\0[^\0]\0/, 'an icon (ICO)'],
  [/^icns/, 'an icon (ICNS)'],
  [/^\xabKTX 20\xbb/, 'a KTX2 texture'],
  [/^\xabKTX 11\xbb/, 'a KTX texture'],
  [/^DDS /, 'a DDS texture'],
  [/^v\/1[^\w\s]/, 'an OpenEXR image'],
  [/^#\?(?:RADIANCE|RGBE)/, 'a Radiance HDR image'],
  [/^qoif/, 'a QOI image'],
  [/^\x8aMNG/, 'an MNG animation'],
  [/^P[1-7]\s/, 'a PNM image'],
  [/^BM/, 'a BMP image'],
  [/^(?:II[*+]\0|MM\0[*+])/, 'a TIFF image'],
  [/^glTF/, 'a GLB model'],
  [/^%PDF/, 'a PDF document'],
  [/^%!PS/, 'a PostScript document'],
  [/^PK[^\w\s]{2}/, 'a ZIP archive'],
  [/^\s*(?:<\?xml[\s\S]*?)?(?:<!--[\s\S]*?-->\s*)*(?:<!doctype svg[\s\S]*?)?<svg[\s>]/i, 'an SVG image'],
  [/^\s*<(?:!doctype html|html|head|body)/i, 'an HTML page'],
]

/** Recognises PNG and JPEG by their bytes, walks them to their end, and says what anything else is. */
export function readImageFormat(bytes: Buffer): ImageFormat {
  if (bytes.length === 0) return { problem: 'is empty', hint: EXPORT_AGAIN }
  if (isLfsPointer(bytes)) {
    return { problem: 'is a Git LFS pointer, not the image itself', hint: 'Run `git lfs pull`.' }
  }
  const mime = mimeOf(bytes)
  if (mime === 'image/png') return isApplePng(bytes) ? APPLE_PNG : walked(mime, walkPng(bytes))
  if (mime === 'image/jpeg') return walked(mime, walkJpeg(bytes))
  return { problem: `is ${describeOther(bytes)}; expected PNG or JPEG contents`, hint: EXPORT_AGAIN }
}

function walked(mime: ImageMime, image: WalkedImage): ImageFormat {
  return 'problem' in image ? { problem: image.problem, hint: EXPORT_AGAIN } : { mime, ...image }
}

function isLfsPointer(bytes: Buffer): boolean {
  return /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\//.test(bytes.toString('latin1', 0, 100))
}

/** What an image is by its first bytes, intact or not. */
export function mimeOf(bytes: Buffer): ImageMime | undefined {
  const head = bytes.toString('latin1', 0, 8)
  if (head === '\x89PNG\r\n\x1a\n') return 'image/png'
  return head.startsWith('\xff\xd8\xff') ? 'image/jpeg' : undefined
}

function describeOther(bytes: Buffer): string {
  // A byte order mark would hide the first character of a text.
  const head = bytes.toString('latin1', 0, 1024).replace(/^\xef\xbb\xbf/, '')
  return OTHER_FORMATS.find(([pattern]) => pattern.test(head))?.[1] ?? 'of an unknown format'
}

const ORIENTATION = 0x0112
/** The other four of the eight orientations are upright, possibly upside down or mirrored. */
const ON_ITS_SIDE: ReadonlySet<number | undefined> = new Set([5, 6, 7, 8])
const ENTRY_BYTES = 12

/** Whether viewers turn an intact image by a quarter, as its EXIF data says. */
export function isOnItsSide(bytes: Buffer): boolean {
  const exif = mimeOf(bytes) === 'image/png' ? exifOfPng(bytes) : exifOfJpeg(bytes)
  return ON_ITS_SIDE.has(exif && orientationIn(exif))
}

/** The orientation in EXIF data (EXIF 2.3, section 4.6). */
function orientationIn(tiff: Buffer): number | undefined {
  if (tiff.length < 8) return undefined
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  const isLittle = view.getUint8(0) === 0x49
  const directory = view.getUint32(4, isLittle)
  if (directory + 2 > tiff.length) return undefined
  const last = Math.min(tiff.length, directory + 2 + view.getUint16(directory, isLittle) * ENTRY_BYTES)
  for (let at = directory + 2; at + ENTRY_BYTES <= last; at += ENTRY_BYTES) {
    if (view.getUint16(at, isLittle) === ORIENTATION) return view.getUint16(at + 8, isLittle)
  }
  return undefined
}
