import { formatThrown, isMeshyError, MeshyError } from '../system/errors.ts'
import type { CanonicalRequest, Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import { findOtherPicture, hasPictures, withPictures } from '../store/picture-digests.ts'
import type { Ports } from './ports.ts'

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

/**
 * Adds the SHA-256 of its pictures to an entry of an earlier release, which needs no API key. Where nothing may be
 * written, or can be, it stays as it is.
 */
export async function completePictures(ports: Ports, request: Request, entry: Entry): Promise<void> {
  const {
    options,
    models: { isLive },
    reporter: { notices },
  } = ports
  if (hasPictures(entry.request) || (options.mode !== 'generate' && options.mode !== 'ask')) return
  const completed = addPictures(ports, request)
  if (!isLive) return completed
  // No page waits for a lockfile that another process is writing.
  void completed.catch((error: unknown) => notices.once(`${entry.image}: ${formatThrown(error)}`))
}

async function addPictures({ store }: Ports, { key, canonical }: Request): Promise<void> {
  try {
    const stored = await store.entries.read(key)
    if (stored && !hasPictures(stored.request)) {
      await store.entries.write({ ...stored, request: withPictures(stored.request, canonical) })
    }
    await store.lockfile?.addPictures(key, canonical)
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_CACHE_UNWRITABLE') throw error
  }
}
