import type { AssetNames, ModelInput } from './model-maker.ts'

export const MTL_NAME = 'model.mtl'

/** Names of the files for what a task asks. Neither FBX nor USDZ: there is no library that writes them for Node. */
export function assetNames(
  input: ModelInput,
  { texture, thumbnail }: { texture: string; thumbnail: string },
) {
  return {
    glb: 'model.glb',
    ...(input.savePreRemeshed && { pre_remeshed_glb: 'pre_remeshed.glb' }),
    obj: 'model.obj',
    thumbnail,
    ...(input.shouldTexture && { mtl: MTL_NAME, base_color: texture }),
  } satisfies AssetNames
}
