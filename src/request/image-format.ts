import type { ImageMime } from './request.ts'
import { walkJpeg } from './jpeg.ts'
import { walkPng } from './png.ts'

/** What the bytes of an image say, or why they cannot be used: the end of a sentence that begins with its name. */
export type ImageFormat =
  { mime: ImageMime; width: number; height: number } | { problem: string; hint: string }

/** Pixels of an image that is whole, or what is wrong with it. */
export type WalkedImage = { width: number; height: number } | { problem: string }

const EXPORT_AGAIN = 'Export it again as PNG or JPEG.'

/** Formats that people have under a `.png` name, by their first bytes. */
const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^RIFF[\s\S]{4}WEBP/, 'a WebP image'],
  [/^GIF8/, 'a GIF image'],
  [/^[\s\S]{4}ftyp(?:avif|avis)/, 'an AVIF image'],
  [/^[\s\S]{4}ftyp(?:heic|heix|mif1|msf1)/, 'a HEIC image'],
  [/^BM/, 'a BMP image'],
  [/^(?:II\*\0|MM\0\*)/, 'a TIFF image'],
  [/^glTF/, 'a GLB model'],
  [/^%PDF/, 'a PDF document'],
  [/^\s*(?:<\?xml[\s\S]*?)?(?:<!--[\s\S]*?-->\s*)*(?:<!doctype svg[\s\S]*?)?<svg[\s>]/i, 'an SVG image'],
  [/^\s*<(?:!doctype html|html|head|body)/i, 'an HTML page'],
]

/** Recognises PNG and JPEG by their bytes, walks them to their end, and says what anything else is. */
export function readImageFormat(bytes: Buffer): ImageFormat {
  if (bytes.length === 0) return { problem: 'is empty', hint: EXPORT_AGAIN }
  if (isLfsPointer(bytes)) {
    return { problem: 'is a Git LFS pointer and not the image itself', hint: 'Run `git lfs pull`.' }
  }
  if (isPng(bytes)) return walked('image/png', walkPng(bytes))
  if (isJpeg(bytes)) return walked('image/jpeg', walkJpeg(bytes))
  return { problem: `is ${describeOther(bytes)}; expected PNG or JPEG by its bytes`, hint: EXPORT_AGAIN }
}

function walked(mime: ImageMime, image: WalkedImage): ImageFormat {
  return 'problem' in image ? { problem: image.problem, hint: EXPORT_AGAIN } : { mime, ...image }
}

function isLfsPointer(bytes: Buffer): boolean {
  return /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\//.test(bytes.toString('latin1', 0, 100))
}

function isPng(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n'
}

function isJpeg(bytes: Buffer): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
}

function describeOther(bytes: Buffer): string {
  // A byte order mark would hide the first character of a text.
  const head = bytes.toString('latin1', 0, 1024).replace(/^\xef\xbb\xbf/, '')
  return OTHER_FORMATS.find(([pattern]) => pattern.test(head))?.[1] ?? 'of an unknown format'
}
