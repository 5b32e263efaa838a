import { MeshyError } from '../system/errors.ts'
import type { CanonicalRequest, Request } from '../request/request.ts'
import { findOtherPicture } from '../store/picture-digests.ts'

/**
 * A key is a short name: who tries can make a picture that has the key of another one. The SHA-256 of its pictures is what
 * proves that a model was made of them.
 *
 * @param known the request of an entry, or of a record of the journal
 * @throws {MeshyError} MESHY_IMAGE_MISMATCH
 */
export function assertSamePictures(known: CanonicalRequest, request: Request): void {
  const other = findOtherPicture(known, request.canonical)
  if (!other) return
  const image = [...request.images, ...request.textureImages][other.index]
  const file = image && 'file' in image ? image.file : request.imageName
  throw new MeshyError('MESHY_IMAGE_MISMATCH', {
    message:
      `\`${file}\` is not the picture that the model of its key \`${request.key}\` is made of: ` +
      `expected SHA-256 \`${other.expected}\`, got \`${other.found}\`.`,
    hint:
      'Two pictures do not share a key by accident: find out who changed it, and restore the picture. If you want a model of ' +
      `this one, change it by a pixel, or \`unplugin-meshy forget ${request.key}\`, so that the next build pays for it.`,
    details: { key: request.key, file, ...other },
  })
}
