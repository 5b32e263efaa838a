import { assetNames, isPreview, MTL_NAME, labelled } from './asset-names.ts'
import { createMeshMaker } from './mesh-maker.ts'
import type { ModelMaker, InputImage, ModelInput } from './model-maker.ts'
import { solidOf } from './solids.ts'
import { makeCard } from '../glb/card.ts'
import { glbToObj } from '../glb/obj.ts'
import { loadLibraries } from '../stand-in/mesher/libraries.ts'
import { createPreviewPool } from '../stand-in/mesher/pool.ts'
import { findWorkerScript } from '../stand-in/mesher/worker-script.ts'
import { isMeshyError } from '../system/errors.ts'

/** Which models an emulator makes: three-dimensional ones, or cards. */
export type ModelKind = 'mesh' | 'card'

/** Makes meshes where the optional libraries are installed, and cards elsewhere. Nothing is loaded before the first task. */
export function chooseMaker(models: ModelKind, load = loadLibraries): ModelMaker {
  if (models === 'card') return createCardMaker()
  let chosen: Promise<ModelMaker> | undefined
  const choose = () => (chosen ??= findMaker(load))
  return {
    plan: async (input) => (await choose()).plan(input),
    make: async (input, role) => (await choose()).make(input, role),
    inUse: async () => (await choose()).inUse?.() ?? { kind: 'mesh' },
    close: async () => (await chosen)?.close?.(),
  }
}

async function findMaker(load: typeof loadLibraries): Promise<ModelMaker> {
  const libraries = await load()
  if ('missing' in libraries) return cardsBecause(libraries.missing)
  try {
    const pool = createPreviewPool({ script: findWorkerScript() })
    return createMeshMaker(libraries.sharp, pool)
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_PREVIEW_UNAVAILABLE') return cardsBecause(error.message)
    throw error
  }
}

function cardsBecause(reason: string): ModelMaker {
  return { ...createCardMaker(), inUse: () => Promise.resolve({ kind: 'card', reason }) }
}

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
