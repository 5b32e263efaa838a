import { MeshyError } from '../system/errors.ts'

/** The size of the file header plus the header of the first chunk: what {@link assertGlbHeader} needs to see. */
export const GLB_HEAD_BYTES = 20

export const GLB_MAGIC = 0x46546c67
export const JSON_CHUNK = 0x4e4f534a
export const BIN_CHUNK = 0x004e4942
const LFS_POINTER = 'a Git LFS pointer'

/**
 * Throws `MESHY_GLB_INVALID` unless the bytes start like a binary glTF 2.0 file of exactly `totalBytes`: magic,
 * version, length, and a first chunk of JSON that fits (glTF 2.0, section 4.4).
 */
export function assertGlbHeader(head: Uint8Array, totalBytes: number): void {
  if (head.length < 4 || uint32(head, 0) !== GLB_MAGIC) {
    const start = describeStart(head)
    refuse(
      `it starts with ${start}`,
      start === LFS_POINTER ? { hint: 'Run `git lfs pull`, then try again.' } : {},
    )
  }
  if (head.length < GLB_HEAD_BYTES) refuse(`it ends after ${head.length} bytes, inside its header`)

  const version = uint32(head, 4)
  if (version !== 2) refuse(`its version is \`${version}\`, expected \`2\``)
  const length = uint32(head, 8)
  if (length !== totalBytes) {
    const cut = totalBytes < length ? ': it is truncated' : ''
    refuse(`its header says \`${length}\` bytes, but there are \`${totalBytes}\`${cut}`)
  }
  if (uint32(head, 16) !== JSON_CHUNK) refuse('its first chunk is not JSON')
  const jsonBytes = uint32(head, 12)
  if (GLB_HEAD_BYTES + jsonBytes > length) refuse(`its JSON chunk of \`${jsonBytes}\` bytes does not fit`)
}

/** @throws MESHY_GLB_INVALID */
export function refuse(
  reason: string,
  { hint = 'Fetch or export the model again as GLB.', cause }: { hint?: string; cause?: unknown } = {},
): never {
  throw new MeshyError('MESHY_GLB_INVALID', {
    message: `The file is not a valid binary glTF 2.0 file: ${reason}.`,
    hint,
    cause,
  })
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, true)
}

function describeStart(head: Uint8Array): string {
  if (head.length === 0) return 'nothing: it is empty'
  if (head[0] === 0x1f && head[1] === 0x8b) return 'a gzip header'
  const text = new TextDecoder('latin1').decode(head.subarray(0, 16)).trimStart()
  if (/^<(!doctype|html|head|body)/i.test(text)) return 'HTML'
  if (text.startsWith('<')) return 'XML'
  if (/^[{[]/.test(text)) return 'JSON'
  if (text.startsWith('version https://')) return LFS_POINTER
  return `\`${[...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}\`, expected \`glTF\``
}
