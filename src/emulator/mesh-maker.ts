import { isMeshyError } from '../system/errors.ts'
import { glbToObj } from '../glb/obj.ts'
import { decode } from '../stand-in/mesher/decode.ts'
import type { SharpFactory } from '../stand-in/mesher/libraries.ts'
import type { PreviewModel, PreviewOptions } from '../stand-in/mesher/mesher.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import { assetNames, isPreview, MTL_NAME } from './asset-names.ts'
import { labelled } from './asset-names.ts'
import { solidOf } from './solids.ts'
import type { AssetNames, AssetRole, ModelInput, ModelMaker } from './model-maker.ts'
import { rigGlb } from './rig.ts'
import type { TaskFailure } from './model-maker.ts'

/** Makes closed, textured models by the parameters of the task, in the threads of a pool. */
export function createMeshMaker(sharp: SharpFactory, pool: PreviewPool): ModelMaker {
  const made = new WeakMap<ModelInput, { asked?: Promise<PreviewModel>; densest?: Promise<PreviewModel> }>()

  /** Each task is meshed once, however many of its files are wanted. */
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
    plan: async (input) => ({ assets: names(input), failure: await findFailure(sharp, input) }),
    async make(input, role) {
      if (role === 'thumbnail') return renderThumbnail(sharp, input)
      if (isPreview(role)) return labelled(await renderThumbnail(sharp, input), role)
      const model = await modelOf(input, role === 'preRemeshed' ? 'densest' : 'asked')
      const file = fileOf(model, role, names(input))
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

function names(input: ModelInput): AssetNames {
  return {
    ...assetNames(input, { texture: 'texture_0.jpg', thumbnail: 'preview.png' }),
    ...(input.enablePbr && {
      metallic: 'texture_0_metallic.png',
      normal: 'texture_0_normal.png',
      roughness: 'texture_0_roughness.png',
    }),
  }
}

function fileOf(
  { glb, textures }: PreviewModel,
  role: AssetRole,
  { baseColor: texture = '' }: AssetNames,
): Uint8Array {
  if (role === 'glb' || role === 'preRemeshed') return glb
  const solid = solidOf(glb, role)
  if (solid) return solid
  if (role === 'obj' || role === 'mtl') return Buffer.from(glbToObj(glb, { mtl: MTL_NAME, texture })[role])
  const image = textures[role as keyof typeof textures]
  if (!image) throw new TypeError(`Expected a file that was planned, got ${role}`)
  return image.bytes
}

/** What the service would find out while it works: a picture that does not decode, or shows nothing. */
async function findFailure(sharp: SharpFactory, { images }: ModelInput): Promise<TaskFailure | undefined> {
  try {
    for (const { bytes } of images) await decode(sharp, bytes)
    return undefined
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_IMAGE_INVALID') {
      return { message: error.message, type: 'invalid_input', code: 'invalid_input' }
    }
    throw error
  }
}

const THUMBNAIL_SIDE = 512

function renderThumbnail(sharp: SharpFactory, { images: [{ bytes }] }: ModelInput): Promise<Uint8Array> {
  const background = { r: 0, g: 0, b: 0, alpha: 0 }
  const size = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE, fit: 'contain', background } as const
  return sharp(bytes).autoOrient().resize(size).png().toBuffer()
}
