import { FILE_ROLES, fileOf } from '../request/files.ts'
import type { AssetNames, AssetRole, ModelInput } from './model-maker.ts'

export const MTL_NAME = 'model.mtl'

/** Names of the files for what a task asks. Neither FBX nor USDZ: there is no library that writes them for Node. */
export function assetNames(
  input: ModelInput,
  { texture, thumbnail }: { texture: string; thumbnail: string },
) {
  return {
    glb: 'model.glb',
    ...(input.savePreRemeshed && { preRemeshed: 'pre_remeshed.glb' }),
    obj: 'model.obj',
    stl: 'model.stl',
    '3mf': 'model.3mf',
    thumbnail,
    ...previewNames(thumbnail),
    ...(input.shouldTexture && { mtl: MTL_NAME, baseColor: texture }),
  } satisfies AssetNames
}

/** Whether a file is a picture that is made only when it is asked for. */
export function isPreview(role: AssetRole): boolean {
  return fileOf(role).asks !== undefined
}

function previewNames(thumbnail: string): AssetNames {
  const ending = thumbnail.slice(thumbnail.lastIndexOf('.'))
  const names = FILE_ROLES.filter(isPreview).map((role) => [
    role,
    `preview_${fileOf(role).shown[1]}${ending}`,
  ])
  return Object.fromEntries(names)
}
