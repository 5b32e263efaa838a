import { realpathSync } from 'node:fs'
import path from 'node:path'
import { hasErrno } from '../system/errors.ts'
import { foldersUpTo, hasManifest, readManifest } from './project.ts'

/** A package that is not part of the project. */
export interface Dependency {
  name: string
  /** Absolute, without links. */
  dir: string
}

/** A package in a folder of installed packages, or in a Yarn archive, which has the same folders inside. */
const INSTALLED = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/.][^/]*)(?=\/|$)/s

/**
 * The dependency that a file belongs to; undefined for the project's own files. A package of the workspace that is
 * linked into `node_modules` belongs to the project: its real location decides, not the path by which it was reached.
 */
export function dependencyOf(file: string, workspace: string): Dependency | undefined {
  const real = realFile(file)
  const isInside = isBelow(workspace, real)
  const [, folders = '', name = ''] = INSTALLED.exec(isInside ? real.slice(workspace.length) : real) ?? []
  if (name) return { name, dir: (isInside ? workspace : '') + folders + name }
  return isInside ? undefined : foreignPackage(real)
}

/** Whether a file is a folder or inside it. Both without links, with slashes. */
export function isBelow(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** A path without links and with slashes; unchanged if it does not exist. */
export function realFile(file: string): string {
  try {
    return realpathSync(file).replaceAll('\\', '/')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return path.resolve(file).replaceAll('\\', '/')
    throw error
  }
}

/** A package that is linked from elsewhere on the machine. */
function foreignPackage(file: string): Dependency {
  const dir = foldersUpTo(path.dirname(file)).find(hasManifest) ?? path.dirname(file)
  const { name } = readManifest(dir)
  return {
    name: typeof name === 'string' ? name : path.basename(dir),
    dir: dir.replaceAll('\\', '/'),
  }
}
