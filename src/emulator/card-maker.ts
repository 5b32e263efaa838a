import { makeCard } from '../glb/card.ts'
import type { AssetNames, AssetRole, InputImage, ModelInput, ModelMaker } from './model-maker.ts'

/** Makes a card of the first picture, in about a millisecond and without native code. It ignores the polycount. */
export function createCardMaker(): ModelMaker {
  return {
    names(input) {
      const picture = firstImage(input)
      return {
        glb: 'model.glb',
        ...(input.shouldRemesh && input.savePreRemeshed && { pre_remeshed_glb: 'pre_remeshed.glb' }),
        thumbnail: `preview${extension(picture)}`,
        ...(input.shouldTexture && { base_color: `texture_0${extension(picture)}` }),
      } satisfies AssetNames
    },
    async make(input, role) {
      const picture = firstImage(input)
      return MODELS.has(role)
        ? makeCard({ image: picture.bytes, name: 'card', textured: input.shouldTexture })
        : picture.bytes
    },
  }
}

const MODELS: ReadonlySet<AssetRole> = new Set(['glb', 'pre_remeshed_glb'])

export function firstImage({ images }: ModelInput): InputImage {
  const [image] = images
  if (!image) throw new TypeError('Expected a task with at least one image')
  return image
}

export function extension({ mime }: InputImage): '.png' | '.jpg' {
  return mime === 'image/png' ? '.png' : '.jpg'
}
