import { MeshyError, messageOf } from '../system/errors.ts'
import { assertGlbHeader } from '../glb/validate.ts'

/** How to recognise files of a format. */
interface FileFormat {
  /** Its name, for readers. */
  name: string
  /** The extensions that its files can have; the first one, unless the bytes say otherwise. */
  extensions: readonly [string, ...string[]]
  /**
   * Whether up to 1024 bytes, one character each, look like the start of such a file. Absent for the GLB, whose reader
   * says what is wrong.
   */
  fits?(head: string, total: number): boolean
}

const PNG = '\x89PNG\r\n\x1a\n'
const JPEG = '\xff\xd8\xff'
const ZIP = 'PK\x03\x04'
const OBJ_LINE = /^\s*(?:#|(?:mtllib|usemtl|o|g|s|v|vn|vt|f)\s)/
const MTL_LINE = /^\s*(?:#|newmtl\s)/

/** Every format that a file of a model can have. */
export const fileFormats = {
  glb: { name: 'a GLB', extensions: ['glb'] },
  fbx: {
    name: 'an FBX file',
    extensions: ['fbx'],
    // Binary, or the older text form.
    fits: (head) => head.startsWith('Kaydara FBX Binary  \0') || head.trimStart().startsWith('; FBX '),
  },
  obj: {
    name: 'a Wavefront OBJ file',
    extensions: ['obj'],
    fits: (head) => isText(head) && OBJ_LINE.test(head),
  },
  mtl: {
    name: 'a Wavefront materials file',
    extensions: ['mtl'],
    fits: (head) => isText(head) && MTL_LINE.test(head),
  },
  usdz: {
    name: 'a USDZ archive',
    extensions: ['usdz'],
    // The first file of a USDZ is not compressed: two zeros at its ninth byte (USDZ specification, "Layout").
    fits: (head) => head.startsWith(ZIP) && head.slice(8, 10) === '\0\0',
  },
  stl: {
    name: 'an STL file',
    extensions: ['stl'],
    fits: (head, total) => isAsciiStl(head) || isBinaryStl(head, total),
  },
  '3mf': { name: 'a 3MF archive', extensions: ['3mf'], fits: (head) => head.startsWith(ZIP) },
  picture: {
    name: 'a PNG or JPEG',
    // The service makes images of either kind; viewers recognise others by their bytes.
    extensions: ['png', 'jpg', 'webp'],
    fits: (head) => head.startsWith(PNG) || head.startsWith(JPEG),
  },
} satisfies Record<string, FileFormat>

export type FormatName = keyof typeof fileFormats

/** What the service makes from a model, in the order of its documentation. */
export const TARGET_FORMATS = ['glb', 'obj', 'fbx', 'stl', 'usdz', '3mf'] as const satisfies FormatName[]
/** The same without the GLB, which is always kept, in the order of our documentation. */
export const EXTRA_FORMATS = ['fbx', 'obj', 'usdz', 'stl', '3mf'] as const satisfies FormatName[]

/**
 * Checks that bytes have a certain format and are not an error page. A model with the wrong format is refused. Another
 * file that merely looks odd is not, because the model is paid for and the file may open where it is needed.
 *
 * @param head up to 1024 bytes
 * @param total length in bytes
 * @returns what is odd about it
 * @throws {MeshyError} MESHY_DOWNLOAD_INVALID
 */
export function checkFormat(
  format: FormatName,
  file: string,
  { head, total }: { head: Uint8Array; total: number },
): string | undefined {
  const { fits, name }: FileFormat = fileFormats[format]
  if (!fits) return void assertGlb(head, total)
  const text = latin1(head)
  if (fits(text, total)) return undefined
  const error = describeError(text, total)
  if (error) throw invalid(`The served ${file} file ${error}.`)
  return `does not start like ${name}`
}

/** The extension of a file by its format, and by its bytes if the format has several. */
export function extensionOf(format: FormatName, head: Uint8Array): string {
  if (format !== 'picture') return fileFormats[format].extensions[0]
  const text = latin1(head)
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp'
  return text.startsWith(JPEG) ? 'jpg' : 'png'
}

function assertGlb(head: Uint8Array, total: number): void {
  try {
    assertGlbHeader(head, total)
  } catch (cause) {
    throw invalid(`The served model is not a GLB: ${messageOf(cause)}`, cause)
  }
}

/** What a server sends instead of a file, in words: a page, or some text that fits into the head. */
function describeError(text: string, total: number): string | undefined {
  if (text === '') return 'is empty'
  if (/^\s*<(?:!doctype|html)/i.test(text)) return 'is an HTML page'
  if (/^\s*</.test(text)) return 'is XML'
  if (/^\s*[{[]/.test(text)) return 'is JSON'
  return total === text.length && /^[\s\x20-\x7e]*$/.test(text) ? 'is a text file' : undefined
}

const ASCII_STL = /^\s*solid\b[^\n]*\n\s*(?:facet\s+normal|endsolid)\b/
const STL_HEADER = 84
const STL_TRIANGLE = 50

function isAsciiStl(head: string): boolean {
  return isText(head) && ASCII_STL.test(head)
}

/** 80 arbitrary bytes, then the number of triangles that follow: the length must match it. */
function isBinaryStl(head: string, total: number): boolean {
  if (head.length < STL_HEADER) return false
  const triangles = Buffer.from(head.slice(STL_HEADER - 4, STL_HEADER), 'latin1').readUInt32LE()
  return total === STL_HEADER + triangles * STL_TRIANGLE
}

function isText(head: string): boolean {
  return !head.includes('\0')
}

/** One character per byte, so that patterns can match bytes. */
function latin1(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
}

function invalid(message: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_DOWNLOAD_INVALID', {
    message,
    hint: 'Run again. The file is fetched again without paying.',
    cause,
  })
}
