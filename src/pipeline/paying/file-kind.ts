import { MeshyError } from '../../errors.ts'
import { assertGlbHeader } from '../../glb/validate.ts'
import type { FileRole } from '../../store/entry.ts'

/**
 * Checks that the bytes of a file begin like what its role says, and are no error page.
 *
 * @param head up to 1024 bytes
 * @param total length in bytes
 * @throws {MeshyError} MESHY_DOWNLOAD_INVALID
 */
export function assertFileKind(role: FileRole, head: Uint8Array, total: number): void {
  const kind = kindOf(role)
  if (kind === 'glb') return assertGlb(head, total)
  const text = latin1(head)
  if (!KINDS[kind](text)) throw invalid(`The ${role} file that was served ${describe(text, kind)}.`)
}

/** The extension of a role's file: pictures are told by their bytes, since the service makes both kinds. */
export function extensionOf(role: FileRole, head: Uint8Array): string {
  const kind = kindOf(role)
  if (kind !== 'picture') return kind
  return latin1(head).startsWith(JPEG) ? 'jpg' : 'png'
}

type Kind = 'glb' | 'fbx' | 'obj' | 'mtl' | 'usdz' | 'picture'

const PNG = '\x89PNG\r\n\x1a\n'
const JPEG = '\xff\xd8\xff'
const ZIP = 'PK\x03\x04'
const OBJ_LINE = /^\s*(?:#|(?:mtllib|usemtl|o|g|s|v|vn|vt|f)\s)/
const MTL_LINE = /^\s*(?:#|newmtl\s)/

/** Whether the bytes begin like it; a character is a byte. */
const KINDS: Record<Exclude<Kind, 'glb'>, (head: string) => boolean> = {
  // Binary, or the older text form.
  fbx: (head) => head.startsWith('Kaydara FBX Binary  \0') || head.trimStart().startsWith('; FBX '),
  obj: (head) => isText(head) && OBJ_LINE.test(head),
  mtl: (head) => isText(head) && MTL_LINE.test(head),
  // The first file of a USDZ is not compressed: two zeros at its ninth byte (USDZ specification, "Layout").
  usdz: (head) => head.startsWith(ZIP) && head.slice(8, 10) === '\0\0',
  picture: (head) => head.startsWith(PNG) || head.startsWith(JPEG),
}

const NAMES: Record<Exclude<Kind, 'glb'>, string> = {
  fbx: 'an FBX file',
  obj: 'a Wavefront OBJ file',
  mtl: 'a file of Wavefront materials',
  usdz: 'a USDZ archive',
  picture: 'a PNG or JPEG',
}

function kindOf(role: FileRole): Kind {
  if (role === 'glb' || role === 'preRemeshed') return 'glb'
  if (role === 'fbx' || role === 'obj' || role === 'mtl' || role === 'usdz') return role
  return 'picture'
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

function describe(text: string, kind: Exclude<Kind, 'glb'>): string {
  if (text === '') return 'is empty'
  if (/^\s*<(?:!doctype|html)/i.test(text)) return 'is an HTML page'
  return `does not begin like ${NAMES[kind]}`
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
