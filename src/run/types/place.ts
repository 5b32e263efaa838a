import { existsSync } from 'node:fs'
import path from 'node:path'
import { includedFolders } from './tsconfig.ts'

const NAME = 'meshy-env.d.ts'

/**
 * Where the types of imports go: into a folder that the program of the nearest `tsconfig.json` includes. That is looked for
 * from the root up to the repository or the package, and no further. Undefined where there is none: plain JavaScript.
 *
 * @param root absolute root of the bundler
 */
export function defaultDeclaredFile(root: string): string | undefined {
  const above = ancestorsOf(root)
  const dir = above.find((folder) => existsSync(path.join(folder, 'tsconfig.json')))
  if (!dir) return undefined
  const folders = includedFolders(path.join(dir, 'tsconfig.json'))
  const inside = folders?.filter((folder) => isWithin(dir, folder) && !isMade(dir, folder))
  return path.join(inside ? choose(inside, dir) : guess(root, dir), NAME)
}

/** The root, and the folders above it that belong to the same repository, or to the same package without one. */
function ancestorsOf(root: string): string[] {
  const above: string[] = []
  for (let dir = path.resolve(root); dir !== path.dirname(dir); dir = path.dirname(dir)) above.push(dir)
  const holds = (name: string) => above.findIndex((dir) => existsSync(path.join(dir, name)))
  const repository = holds('.git')
  const end = repository >= 0 ? repository : holds('package.json')
  return end < 0 ? above.slice(0, 1) : above.slice(0, end + 1)
}

/** Beside the config where that is included: it is where people look. */
function choose(folders: readonly string[], dir: string): string {
  return folders.includes(dir) ? dir : (folders[0] ?? dir)
}

/** Where frameworks have their sources, before they have made the configs that say so. */
function guess(root: string, dir: string): string {
  if (root !== dir) return root
  return ['src', 'app'].map((name) => path.join(dir, name)).find((folder) => existsSync(folder)) ?? dir
}

function isWithin(dir: string, folder: string): boolean {
  const relative = path.relative(dir, folder)
  return !relative.startsWith('..') && !path.isAbsolute(relative)
}

/** Frameworks make folders such as `.nuxt` anew. */
function isMade(dir: string, folder: string): boolean {
  const parts = path.relative(dir, folder).split(path.sep)
  return parts.some((part) => part.startsWith('.') || part === 'node_modules')
}
