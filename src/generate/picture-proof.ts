import { MeshyError } from '../system/errors.ts'
import { judgePicture } from '../stand-in/mesher/judge.ts'
import { EXPORT_AGAIN } from '../request/image-format.ts'
import { proveJpeg, tidyJpeg } from '../request/jpeg.ts'
import { provePng } from '../request/png.ts'
import type { SourceImage } from '../request/request.ts'

/** More pixels take gigabytes to decode, here and at the service. */
const MAX_MEGAPIXELS = 500

/**
 * Makes sure that an image is intact and shows something, before it is paid for. If `sharp` is available, the image is
 * decoded in full; otherwise it is refused only for what can be proved without decoding.
 *
 * @throws {MeshyError} MESHY_IMAGE_INVALID
 */
export async function assertShowsSomething(image: SourceImage, bytes: Buffer): Promise<void> {
  const problem = await findFlaw(image, bytes)
  if (problem === undefined) return
  throw new MeshyError('MESHY_IMAGE_INVALID', {
    message: `\`${image.file}\` ${problem}. Nothing was submitted.`,
    hint: problem.startsWith('shows nothing')
      ? 'Export it again with its contents visible: the model is made from what it shows.'
      : EXPORT_AGAIN,
    details: { file: image.file },
  })
}

async function findFlaw({ mime, width, height }: SourceImage, bytes: Buffer): Promise<string | undefined> {
  const megapixels = (width * height) / 1e6
  if (megapixels > MAX_MEGAPIXELS)
    return `has ${Math.round(megapixels)} megapixels; expected at most ${MAX_MEGAPIXELS}`
  const isPng = mime === 'image/png'
  const damage = isPng ? await provePng(bytes) : undefined
  if (damage !== undefined) return damage
  const judgement = await judgePicture(isPng ? bytes : tidyJpeg(bytes), mime)
  if (judgement === 'right') return undefined
  if (judgement === 'no decoder') return isPng ? undefined : proveJpeg(bytes)
  return judgement.problem
}
