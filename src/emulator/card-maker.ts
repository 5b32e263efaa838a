import { makeCard } from '../glb/card.ts'
import { glbToObj } from '../glb/obj.ts'
import { assetNames, isPreview, MTL_NAME } from './asset-names.ts'
import { labelled } from './labelled.ts'
import { solidOf } from './solids.ts'
import type { InputImage, ModelInput, ModelMaker } from './model-maker.ts'

/** Makes a card of the first picture, in about a millisecond and without native code. It ignores the polycount. */
export function createCardMaker(): ModelMaker {
  return {
    plan: (input) => Promise.resolve({ assets: names(input) }),
    make(input, role) {
      const [{ bytes }] = input.images
      if (isPreview(role)) return Promise.resolve(labelled(bytes, role))
      if (role === 'thumbnail' || role === 'baseColor') return Promise.resolve(bytes)
      const card = makeCard({ image: bytes, name: 'card', textured: input.shouldTexture })
      const solid = solidOf(card, role)
      if (solid) return Promise.resolve(solid)
      if (role !== 'obj' && role !== 'mtl') return Promise.resolve(card)
      const texture = names(input).baseColor ?? ''
      return Promise.resolve(Buffer.from(glbToObj(card, { mtl: MTL_NAME, texture })[role]))
    },
    inUse: () => Promise.resolve({ kind: 'card' }),
  }
}

function names(input: ModelInput) {
  const ending = extension(input.images[0])
  return assetNames(input, { texture: `texture_0${ending}`, thumbnail: `preview${ending}` })
}

function extension({ mime }: InputImage): '.png' | '.jpg' {
  return mime === 'image/png' ? '.png' : '.jpg'
}
