import type { Task } from '../service/task.ts'
import type { Wanted } from '../request/request.ts'
import type { FileRole } from '../store/entry.ts'
import type { AssetThumbnails } from '../types.ts'

const TEXTURE_ROLES = ['baseColor', 'metallic', 'normal', 'roughness', 'emission'] as const

/** Pictures that are made only when they are asked for before, with their names among `thumbnails`. */
export const THUMBNAIL_ROLES = {
  alphaThumbnail: 'alpha',
  frontThumbnail: 'front',
  rightThumbnail: 'right',
  backThumbnail: 'back',
  leftThumbnail: 'left',
} as const satisfies Partial<Record<FileRole, keyof AssetThumbnails>>
type ThumbnailRole = keyof typeof THUMBNAIL_ROLES
const SIDES = ['frontThumbnail', 'rightThumbnail', 'backThumbnail', 'leftThumbnail'] as const

export function isThumbnailRole(role: FileRole): role is ThumbnailRole {
  return role in THUMBNAIL_ROLES
}

/** The files that an import wants, without those that its task did not make. The GLB comes first. */
export function wantedRoles(wanted: Wanted, unavailable: readonly FileRole[] = []): FileRole[] {
  const roles: FileRole[] = ['glb']
  if (wanted.preRemeshed) roles.push('preRemeshed')
  roles.push(...wanted.formats)
  if (wanted.formats.includes('obj')) roles.push('mtl')
  if (wantsMaps(wanted)) roles.push(...TEXTURE_ROLES)
  if (wanted.thumbnail) roles.push('thumbnail')
  if (wanted.alphaThumbnail) roles.push('alphaThumbnail')
  if (wanted.multiViewThumbnails) roles.push(...SIDES)
  return roles.filter((role) => !unavailable.includes(role))
}

/** Whether the texture maps are wanted: by name, or because an OBJ holds none. */
export function wantsMaps({ textures, formats }: Wanted): boolean {
  return textures || formats.includes('obj')
}

/** Whether preview pictures are wanted that are made only when they are asked for. */
export function wantsThumbnails({ alphaThumbnail, multiViewThumbnails }: Wanted): boolean {
  return (alphaThumbnail ?? multiViewThumbnails) === true
}

/** Where the service serves a file of a finished task; undefined when the task did not make it. */
export function urlOfRole(task: Task, role: FileRole): string | undefined {
  if (role === 'thumbnail') return task.thumbnailUrl
  if (isThumbnailRole(role)) return task.thumbnailUrls[THUMBNAIL_ROLES[role]]
  const texture = TEXTURE_ROLES.find((name) => name === role)
  if (texture) return task.textureUrls[texture]
  return task.modelUrls[
    role as Exclude<FileRole, 'thumbnail' | ThumbnailRole | (typeof TEXTURE_ROLES)[number]>
  ]
}

/** The name of a role's file without extension: the image's name for models, with the role behind it for others. */
export function fileStem(name: string, role: FileRole): string {
  return ['glb', 'fbx', 'obj', 'mtl', 'usdz', 'stl', '3mf'].includes(role) ? name : `${name}-${role}`
}
