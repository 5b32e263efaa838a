import { MeshyError } from '../system/errors.ts'
import { assertBacked } from './backing.ts'
import { gltf, type Glb, type GltfDocument } from './gltf.ts'
import { assertGlbHeader, BIN_CHUNK, GLB_HEAD_BYTES } from './validate.ts'

/** Far more than any scene needs: large data is in the binary chunk. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

/**
 * Parses a GLB. Throws `MESHY_GLB_INVALID` if the container or its JSON violates glTF 2.0, or if the JSON declares more
 * numbers than the file has bytes for.
 */
export function readGlb(bytes: Uint8Array): Glb {
  assertGlbHeader(bytes.subarray(0, GLB_HEAD_BYTES), bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const jsonEnd = GLB_HEAD_BYTES + view.getUint32(12, true)
  const json = parseDocument(bytes.subarray(GLB_HEAD_BYTES, jsonEnd))
  const glb = { json, bin: embeddedBytes(json) ?? readBin(bytes, view, jsonEnd) }
  assertBacked(glb, bytes.length, (reason) => {
    throw invalid(reason)
  })
  return glb
}

function parseDocument(bytes: Uint8Array): GltfDocument {
  if (bytes.length > MAX_JSON_BYTES) throw invalid(`its JSON chunk has \`${bytes.length}\` bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw invalid('its JSON chunk cannot be parsed', cause)
  }
  const result = gltf.safeParse(parsed)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`\`${issue?.path.join('.')}\` of its JSON is wrong: ${issue?.message}`, result.error)
}

const DATA_URI = /^data:[^,]*;base64,/

/** The first buffer is the binary chunk, unless the JSON contains its bytes. */
function embeddedBytes({ buffers }: GltfDocument): Uint8Array | undefined {
  const uri = buffers?.[0]?.uri ?? ''
  const [start] = DATA_URI.exec(uri) ?? []
  return start === undefined ? undefined : new Uint8Array(Buffer.from(uri.slice(start.length), 'base64'))
}

function readBin(bytes: Uint8Array, view: DataView, offset: number): Uint8Array {
  if (offset + 8 > bytes.length) return new Uint8Array()
  const length = view.getUint32(offset, true)
  if (view.getUint32(offset + 4, true) !== BIN_CHUNK) return new Uint8Array()
  if (offset + 8 + length > bytes.length)
    throw invalid(`its binary chunk of \`${length}\` bytes does not fit`)
  return bytes.subarray(offset + 8, offset + 8 + length)
}

function invalid(reason: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The file is not a valid binary glTF 2.0 file: ${reason}.`,
    hint: 'Fetch or export the model again as GLB.',
    cause,
  })
}
