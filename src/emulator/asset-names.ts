import { crc32 } from 'node:zlib'
import type { AssetNames, AssetRole, ModelInput } from './model-maker.ts'
import { FILE_ROLES, fileOf } from '../request/files.ts'

export const MTL_NAME = 'model.mtl'

/** Names of the files for what a task asks. Neither FBX nor USDZ: there is no library that writes them for Node. */
export function assetNames(
  input: ModelInput,
  { texture, thumbnail }: { texture: string; thumbnail: string },
) {
  return {
    glb: 'model.glb',
    ...(input.savePreRemeshed && { preRemeshed: 'pre_remeshed.glb' }),
    obj: 'model.obj',
    stl: 'model.stl',
    '3mf': 'model.3mf',
    thumbnail,
    ...previewNames(thumbnail),
    ...(input.shouldTexture && { mtl: MTL_NAME, baseColor: texture }),
  } satisfies AssetNames
}

/** Whether a file is a picture that is made only when it is asked for. */
export function isPreview(role: AssetRole): boolean {
  return fileOf(role).asks !== undefined
}

function previewNames(thumbnail: string): AssetNames {
  const ending = thumbnail.slice(thumbnail.lastIndexOf('.'))
  const names = FILE_ROLES.filter(isPreview).map((role) => [
    role,
    `preview_${fileOf(role).shown[1]}${ending}`,
  ])
  return Object.fromEntries(names)
}

/** A PNG or JPEG with a remark in it: it looks the same, and no two labels give the same bytes. */
export function labelled(picture: Uint8Array, label: string): Uint8Array {
  const isPng = picture[0] === 0x89
  const text = Buffer.from(`Comment\0${label}`, 'latin1')
  // Behind the header: of a PNG that is its first chunk, of a JPEG the first two bytes.
  const at = isPng ? 33 : 2
  const remark = isPng ? pngChunk('tEXt', text) : jpegComment(text)
  return Buffer.concat([picture.subarray(0, at), remark, picture.subarray(at)])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  data.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

function jpegComment(data: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  return Buffer.concat([head, data])
}
