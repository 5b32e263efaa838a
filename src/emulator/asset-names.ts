import type { AssetNames, AssetRole, ModelInput, PreviewRole } from './model-maker.ts'

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
    stl: 'model.stl',
    '3mf': 'model.3mf',
    thumbnail,
    ...previewNames(thumbnail),
    ...(input.shouldTexture && { mtl: MTL_NAME, base_color: texture }),
  } satisfies AssetNames
}

const PREVIEWS = ['alpha', 'front', 'right', 'back', 'left'] as const
/** Roles of the pictures that are made when they are asked for. */
export const PREVIEW_ROLES = PREVIEWS.map((name) => `thumbnail_${name}` as const)

export function isPreview(role: AssetRole): role is PreviewRole {
  return PREVIEW_ROLES.some((preview) => preview === role)
}

function previewNames(thumbnail: string): AssetNames {
  const ending = thumbnail.slice(thumbnail.lastIndexOf('.'))
  return Object.fromEntries(PREVIEWS.map((name) => [`thumbnail_${name}`, `preview_${name}${ending}`]))
}
