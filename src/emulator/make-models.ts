import {
  assetNames,
  isPreview,
  MTL_NAME,
  labelled,
  type ModelMaker,
  type ModelInput,
  type AssetNames,
  type AssetRole,
  type TaskFailure,
} from './model-maker.ts'
import { solidOf, rigGlb } from './glb-variants.ts'
import { glbToObj } from './obj.ts'
import { readImageFormat } from '../request/image-format.ts'
import { makeCard } from '../stand-in/card.ts'
import { loadLibraries, type SharpFactory } from '../stand-in/mesher/libraries.ts'
import { createPreviewPool, findMesherScript, type PreviewPool } from '../stand-in/mesher/pool.ts'
import { hasCode } from '../system/errors.ts'
import { decode } from '../stand-in/mesher/decode.ts'
import type { PreviewModel, PreviewOptions } from '../stand-in/mesher/mesher.ts'

/** Which models an emulator makes: three-dimensional ones, or cards. */
export type ModelKind = 'mesh' | 'card'

/** Makes meshes if the optional libraries are installed, otherwise cards. Nothing is loaded before the first task. */
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
    return createMeshMaker(libraries.sharp, createPreviewPool(findMesherScript()))
  } catch (error) {
    if (hasCode(error, 'MESHY_PREVIEW_UNAVAILABLE')) return cardsBecause(error.message)
    throw error
  }
}

function cardsBecause(reason: string): ModelMaker {
  return { ...createCardMaker(), inUse: () => Promise.resolve({ kind: 'card', reason }) }
}

/** Makes a card from the first image, in about a millisecond and without native code. It ignores the polycount. */
export function createCardMaker(): ModelMaker {
  return {
    plan: (input) => Promise.resolve({ assets: cardNames(input), failure: findDamage(input) }),
    async make(input, role) {
      const [{ bytes }] = input.images
      if (isPreview(role)) return labelled(bytes, role)
      if (role === 'thumbnail' || role === 'baseColor') return bytes
      const card = makeCard({ image: bytes, name: 'card', textured: input.shouldTexture })
      return otherForm(card, role, cardNames(input)) ?? card
    },
    inUse: () => Promise.resolve({ kind: 'card' }),
  }
}

function findDamage({ images: [{ bytes }] }: ModelInput): TaskFailure | undefined {
  const format = readImageFormat(Buffer.from(bytes))
  return 'problem' in format ? invalidInput(`The image ${format.problem}`) : undefined
}

function cardNames(input: ModelInput) {
  const ending = input.images[0].mime === 'image/png' ? '.png' : '.jpg'
  return assetNames(input, { texture: `texture_0${ending}`, thumbnail: `preview${ending}` })
}

/** A model in the form that a role stands for; undefined if it stands for none. */
function otherForm(glb: Uint8Array, role: AssetRole, { baseColor: texture = '' }: AssetNames) {
  if (role !== 'obj' && role !== 'mtl') return solidOf(glb, role)
  return Buffer.from(glbToObj(glb, { mtl: MTL_NAME, texture })[role])
}

/** Makes closed, textured models according to the parameters of the task, in the threads of a pool. */
function createMeshMaker(sharp: SharpFactory, pool: PreviewPool): ModelMaker {
  const made = new WeakMap<ModelInput, { asked?: Promise<PreviewModel>; densest?: Promise<PreviewModel> }>()

  /** Each task is meshed once, however many of its files are requested. */
  function modelOf(input: ModelInput, which: 'asked' | 'densest'): Promise<PreviewModel> {
    const models = made.get(input) ?? {}
    made.set(input, models)
    models[which] ??= pool.make(
      input.images.map(({ bytes }) => bytes),
      meshOptions(input, which),
    )
    models[which].catch(() => delete models[which])
    return models[which]
  }

  return {
    plan: async (input) => ({ assets: meshNames(input), failure: await findFailure(sharp, input) }),
    async make(input, role) {
      if (role === 'thumbnail') return renderThumbnail(sharp, input)
      if (isPreview(role)) return labelled(await renderThumbnail(sharp, input), role)
      const model = await modelOf(input, role === 'preRemeshed' ? 'densest' : 'asked')
      const file = fileOf(model, role, meshNames(input))
      return input.isPosed && role === 'glb' ? rigGlb(file) : file
    },
    inUse: () => Promise.resolve({ kind: 'mesh' }),
    close: () => pool.close(),
  }
}

function meshOptions(input: ModelInput, which: 'asked' | 'densest'): PreviewOptions {
  return {
    name: 'model',
    triangles: input.targetPolycount,
    dense: which === 'densest' || !input.shouldRemesh,
    texture: input.shouldTexture,
    pbr: input.enablePbr,
  }
}

function meshNames(input: ModelInput): AssetNames {
  return {
    ...assetNames(input, { texture: 'texture_0.jpg', thumbnail: 'preview.png' }),
    ...(input.enablePbr && {
      metallic: 'texture_0_metallic.png',
      normal: 'texture_0_normal.png',
      roughness: 'texture_0_roughness.png',
    }),
  }
}

function fileOf({ glb, textures }: PreviewModel, role: AssetRole, names: AssetNames): Uint8Array {
  if (role === 'glb' || role === 'preRemeshed') return glb
  const file = otherForm(glb, role, names) ?? textures[role as keyof typeof textures]?.bytes
  if (!file) throw new TypeError(`Expected a file that was planned, got ${role}`)
  return file
}

/** What the service would find out while it works: an image that cannot be decoded, or shows nothing. */
async function findFailure(sharp: SharpFactory, { images }: ModelInput): Promise<TaskFailure | undefined> {
  try {
    for (const { bytes } of images) await decode(sharp, bytes)
    return undefined
  } catch (error) {
    if (hasCode(error, 'MESHY_IMAGE_INVALID')) return invalidInput(error.message)
    throw error
  }
}

function invalidInput(message: string): TaskFailure {
  return { message, type: 'invalid_input', code: 'invalid_input' }
}

const THUMBNAIL_SIDE = 512

function renderThumbnail(sharp: SharpFactory, { images: [{ bytes }] }: ModelInput): Promise<Uint8Array> {
  const background = { r: 0, g: 0, b: 0, alpha: 0 }
  const size = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE, fit: 'contain', background } as const
  return sharp(bytes).autoOrient().resize(size).png().toBuffer()
}
