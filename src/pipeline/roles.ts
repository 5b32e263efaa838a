import type { Task } from '../meshy/task.ts'
import type { Wanted } from '../request/request.ts'
import type { FileRole } from '../store/entry.ts'

const TEXTURE_ROLES = ['baseColor', 'metallic', 'normal', 'roughness', 'emission'] as const

/** The files that an import wants, without those that its task did not make. The GLB comes first. */
export function wantedRoles(wanted: Wanted, unavailable: readonly FileRole[] = []): FileRole[] {
  const roles: FileRole[] = ['glb']
  if (wanted.preRemeshed) roles.push('preRemeshed')
  roles.push(...wanted.formats)
  if (wanted.formats.includes('obj')) roles.push('mtl')
  if (wantsMaps(wanted)) roles.push(...TEXTURE_ROLES)
  if (wanted.thumbnail) roles.push('thumbnail')
  return roles.filter((role) => !unavailable.includes(role))
}

/** Whether the texture maps are wanted: by name, or because an OBJ holds none. */
export function wantsMaps({ textures, formats }: Wanted): boolean {
  return textures || formats.includes('obj')
}

/** Where the service serves a file of a finished task; undefined when the task did not make it. */
export function urlOfRole(task: Task, role: FileRole): string | undefined {
  if (role === 'thumbnail') return task.thumbnailUrl
  const texture = TEXTURE_ROLES.find((name) => name === role)
  if (texture) return task.textureUrls[texture]
  return task.modelUrls[role as Exclude<FileRole, 'thumbnail' | (typeof TEXTURE_ROLES)[number]>]
}

/** The name of a role's file without extension: the image's name for models, with the role behind it for others. */
export function fileStem(name: string, role: FileRole): string {
  return ['glb', 'fbx', 'obj', 'mtl', 'usdz'].includes(role) ? name : `${name}-${role}`
}
