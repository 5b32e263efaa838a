import { MeshyError } from '../system/errors.ts'
import { assertGlbHeader } from '../glb/validate.ts'
import type { FileRole } from '../store/entry.ts'

/**
 * Checks that the bytes of a file are what its role says, and no error page. A model that is none is refused; a file
 * beside it that only looks odd is not, since the model is paid and the file may open where it is needed.
 *
 * @param head up to 1024 bytes
 * @param total length in bytes
 * @returns what is odd about it
 * @throws {MeshyError} MESHY_DOWNLOAD_INVALID
 */
export function checkFileKind(role: FileRole, head: Uint8Array, total: number): string | undefined {
  const kind = kindOf(role)
  if (kind === 'glb') return void assertGlb(head, total)
  const text = latin1(head)
  if (KINDS[kind](text, total)) return undefined
  const error = describeError(text, total)
  if (error) throw invalid(`The ${role} file that was served ${error}.`)
  return `does not begin like ${NAMES[kind]}`
}

/** The extension of a role's file: pictures are told by their bytes, since the service makes more kinds than one. */
export function extensionOf(role: FileRole, head: Uint8Array): string {
  const kind = kindOf(role)
  if (kind !== 'picture') return kind
  const text = latin1(head)
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp'
  return text.startsWith(JPEG) ? 'jpg' : 'png'
}

type Kind = 'glb' | 'fbx' | 'obj' | 'mtl' | 'usdz' | 'stl' | '3mf' | 'picture'

const PNG = '\x89PNG\r\n\x1a\n'
const JPEG = '\xff\xd8\xff'
const ZIP = 'PK\x03\x04'
const OBJ_LINE = /^\s*(?:#|(?:mtllib|usemtl|o|g|s|v|vn|vt|f)\s)/
const MTL_LINE = /^\s*(?:#|newmtl\s)/

/** Whether the bytes begin like it; a character is a byte. */
const KINDS: Record<Exclude<Kind, 'glb'>, (head: string, total: number) => boolean> = {
  // Binary, or the older text form.
  fbx: (head) => head.startsWith('Kaydara FBX Binary  \0') || head.trimStart().startsWith('; FBX '),
  obj: (head) => isText(head) && OBJ_LINE.test(head),
  mtl: (head) => isText(head) && MTL_LINE.test(head),
  // The first file of a USDZ is not compressed: two zeros at its ninth byte (USDZ specification, "Layout").
  usdz: (head) => head.startsWith(ZIP) && head.slice(8, 10) === '\0\0',
  stl: (head, total) => isAsciiStl(head) || isBinaryStl(head, total),
  '3mf': (head) => head.startsWith(ZIP),
  picture: (head) => head.startsWith(PNG) || head.startsWith(JPEG),
}

const NAMES: Record<Exclude<Kind, 'glb'>, string> = {
  fbx: 'an FBX file',
  obj: 'a Wavefront OBJ file',
  mtl: 'a file of Wavefront materials',
  usdz: 'a USDZ archive',
  stl: 'an STL file',
  '3mf': 'a 3MF archive',
  picture: 'a PNG or JPEG',
}

const NAMED_KINDS = ['fbx', 'obj', 'mtl', 'usdz', 'stl', '3mf'] as const

function kindOf(role: FileRole): Kind {
  if (role === 'glb' || role === 'preRemeshed') return 'glb'
  return NAMED_KINDS.find((kind) => kind === role) ?? 'picture'
}

function assertGlb(head: Uint8Array, total: number): void {
  try {
    assertGlbHeader(head, total)
  } catch (cause) {
    throw invalid(
      `The model that was served is no GLB: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    )
  }
}

/** What a server sends in the place of a file, in words: a page, or some words that fit into the head. */
function describeError(text: string, total: number): string | undefined {
  if (text === '') return 'is empty'
  if (/^\s*<(?:!doctype|html)/i.test(text)) return 'is an HTML page'
  if (/^\s*</.test(text)) return 'is XML'
  if (/^\s*[{[]/.test(text)) return 'is JSON'
  return total === text.length && /^[\s\x20-\x7e]*$/.test(text) ? 'is a text' : undefined
}

const ASCII_STL = /^\s*solid\b[^\n]*\n\s*(?:facet\s+normal|endsolid)\b/
const STL_HEADER = 84
const STL_TRIANGLE = 50

function isAsciiStl(head: string): boolean {
  return isText(head) && ASCII_STL.test(head)
}

/** 80 bytes of anything, then how many triangles follow: the length must be theirs. */
function isBinaryStl(head: string, total: number): boolean {
  if (head.length < STL_HEADER) return false
  const triangles = Buffer.from(head.slice(STL_HEADER - 4, STL_HEADER), 'latin1').readUInt32LE()
  return total === STL_HEADER + triangles * STL_TRIANGLE
}

function isText(head: string): boolean {
  return !head.includes('\0')
}

/** One character a byte, so that patterns can speak of bytes. */
function latin1(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
}

function invalid(message: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_DOWNLOAD_INVALID', {
    message,
    hint: 'Run again: the file is fetched anew without paying.',
    cause,
  })
}
