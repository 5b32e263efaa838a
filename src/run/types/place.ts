import { parseJson } from '../../system/json.ts'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { foldersUpTo } from '../project.ts'

const NAME = 'meshy-env.d.ts'

/**
 * Where the types of imports go: into a folder that the program of the nearest `tsconfig.json` includes. The search
 * goes from the root up to the repository or the package, and no further. Undefined if there is none: plain JavaScript.
 *
 * @param root absolute root of the bundler
 */
export function defaultDeclaredFile(root: string): string | undefined {
  const above = ancestorsOf(root)
  const dir = above.find((folder) => existsSync(path.join(folder, 'tsconfig.json')))
  if (!dir) return undefined
  const folders = includedFolders(path.join(dir, 'tsconfig.json'))
  const inside = folders?.filter((folder) => isWithin(dir, folder) && !isMade(dir, folder))
  // Next to the config if that folder is included, because people look there.
  const chosen = inside && (inside.includes(dir) ? dir : (inside[0] ?? dir))
  return path.join(chosen ?? guess(root, dir), NAME)
}

/** The root, and its parents that belong to the same repository, or to the same package if there is none. */
function ancestorsOf(root: string): string[] {
  // Nobody's sources are in the root of a disk.
  const above = foldersUpTo(root).slice(0, -1)
  const holds = (name: string) => above.findIndex((dir) => existsSync(path.join(dir, name)))
  const repository = holds('.git')
  const end = repository >= 0 ? repository : holds('package.json')
  return end < 0 ? above.slice(0, 1) : above.slice(0, end + 1)
}

/** Where frameworks have their sources, before they have created the configs that say so. */
function guess(root: string, dir: string): string {
  if (root !== dir) return root
  return ['src', 'app'].map((name) => path.join(dir, name)).find((folder) => existsSync(folder)) ?? dir
}

function isWithin(dir: string, folder: string): boolean {
  const relative = path.relative(dir, folder)
  return !relative.startsWith('..') && !path.isAbsolute(relative)
}

/** Frameworks recreate folders such as `.nuxt`. */
function isMade(dir: string, folder: string): boolean {
  const parts = path.relative(dir, folder).split(path.sep)
  return parts.some((part) => part.startsWith('.') || part === 'node_modules')
}

/** The part of a `tsconfig.json` that says which files are in the program. */
interface TsConfig {
  extends?: string | string[]
  files?: string[]
  include?: string[]
  references?: { path: string }[]
}

/** Strings are kept; JSON does not allow comments, or commas after the last item. */
const NOT_JSON = /("(?:\\.|[^"\\])*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*|,(?=\s*[}\]])/g
/** What may follow the folder in a pattern that includes a declaration file of that folder. */
const TAKES_DECLARATIONS = /^(?:\*\*\/)*(?:\*\*|\*(?:\.d)?(?:\.(?:ts|\*))?)$/

/**
 * The folders whose declaration files are in a program of a config, or of one that it refers to, in the order of the
 * configs; undefined if a config cannot be read, such as one that a framework creates.
 */
function includedFolders(configFile: string): string[] | undefined {
  const config = readTsConfig(configFile)
  if (!config) return undefined
  const own = foldersOf(configFile, config)
  const referred = (config.references ?? []).map(({ path: target }) =>
    includedFolders(fileOf(path.resolve(path.dirname(configFile), target))),
  )
  const known = [own, ...referred].flatMap((folders) => folders ?? [])
  const isWhole = own !== undefined && referred.every((folders) => folders !== undefined)
  return known.length > 0 || isWhole ? known : undefined
}

/** Undefined if a config that it extends cannot be read. */
function foldersOf(configFile: string, config: TsConfig): string[] | undefined {
  const dir = path.dirname(configFile)
  if (config.include) return config.include.flatMap((pattern) => folderOf(dir, pattern))
  for (const parent of [config.extends ?? []].flat().toReversed()) {
    if (!parent.startsWith('.')) continue
    const file = fileOf(path.resolve(dir, parent))
    const above = readTsConfig(file)
    if (!above) return undefined
    const folders = above.include || above.extends ? foldersOf(file, above) : []
    if (folders === undefined || folders.length > 0) return folders
  }
  return config.files ? [] : [dir]
}

function folderOf(dir: string, pattern: string): string[] {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.')
  const wild = parts.findIndex((part) => part.includes('*'))
  const folder = path.resolve(dir, ...(wild < 0 ? parts : parts.slice(0, wild)))
  if (wild < 0) return isFolder(folder) ? [folder] : []
  return TAKES_DECLARATIONS.test(parts.slice(wild).join('/')) && isFolder(folder) ? [folder] : []
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true
}

function fileOf(target: string): string {
  if (isFolder(target)) return path.join(target, 'tsconfig.json')
  return target.endsWith('.json') ? target : `${target}.json`
}

/** Undefined for one that is no JSON: the compiler says what is wrong with it. */
function readTsConfig(file: string): TsConfig | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  return parseJson(text.replace(NOT_JSON, (_, string: string | undefined) => string ?? '')) as
    | TsConfig
    | undefined
}
