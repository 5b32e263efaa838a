import type { Asset, AssetFile, AssetLevel } from '../run/asset.ts'
import { FILE_ROLES, fileOf, type FileRole } from '../request/files.ts'

/** How the code of a module gets the URL of a file: import lines, and the expression that uses them. */
interface UrlCode {
  imports: string
  expression: string
}

/** The part that differs between bundlers. */
export type UrlOf = (file: AssetFile, index: number) => Promise<UrlCode>

/**
 * Where a URL is expected, the model itself can be used. The method is not a field, so copies, JSON and messages to a
 * worker lack it. It has no side effects, so that whoever imports only `url` gets nothing more.
 */
const DEFAULT_EXPORT =
  'export default /* @__PURE__ */ Object.defineProperty(' +
  "{ url, metadata, files, textures, thumbnail, thumbnails, lods }, 'toString', { value: () => url })"

/** The code of a model's module. It contains only URLs and facts: no task ID, prompt or price reaches a bundle. */
export async function renderModule(asset: Asset, urlOf: UrlOf): Promise<string> {
  const levels = asset.lods ?? []
  const codes: UrlCode[] = []
  const all = [...asset.files, ...levels.map(({ file }) => file)]
  for (const [index, file] of all.entries()) codes.push(await urlOf(file, index))
  const expressions = codes.map(({ expression }) => expression)
  const urls = new Map(asset.files.map(({ role }, index) => [role, expressions[index] ?? '']))
  const whereWanted = (group: Group) =>
    asset.wanted.some((role) => fileOf(role).shown[0] === group) ? objectLiteral(group, urls) : 'undefined'
  return [
    ...codes.map(({ imports }) => imports).filter((line) => line !== ''),
    `export const url = ${urls.get('glb')}`,
    `export const metadata = ${JSON.stringify(asset.metadata)}`,
    `export const files = ${objectLiteral('files', urls)}`,
    `export const textures = ${whereWanted('textures')}`,
    `export const thumbnail = ${urls.get('thumbnail') ?? 'undefined'}`,
    `export const thumbnails = ${whereWanted('thumbnails')}`,
    `export const lods = ${lodsLiteral(asset, expressions.slice(asset.files.length))}`,
    DEFAULT_EXPORT,
    '',
  ].join('\n')
}

/** If an import wants levels, the first one always exists, even for a stand-in. */
function lodsLiteral({ metadata, lods }: Asset, urls: readonly string[]): string {
  if (!lods) return 'undefined'
  const first = levelLiteral('url', metadata)
  const others = lods.map((level, index) => levelLiteral(urls[index] ?? '', level))
  return `[${[first, ...others].join(', ')}]`
}

function levelLiteral(url: string, { triangles, bytes }: Pick<AssetLevel, 'triangles' | 'bytes'>): string {
  return `{ url: ${url}, triangles: ${triangles}, bytes: ${bytes} }`
}

/** A module that keeps a build going after a failure, so that its end can report all of them. */
export function renderFailedModule(): string {
  return 'export let url, metadata, files, textures, thumbnail, thumbnails, lods\nexport default undefined\n'
}

/** An export of a module that contains several files. */
type Group = 'files' | 'textures' | 'thumbnails'

function objectLiteral(group: Group, urls: Map<FileRole, string>): string {
  const fields = FILE_ROLES.flatMap((role) => {
    const [shownIn, name = role] = fileOf(role).shown
    return shownIn === group && urls.has(role)
      ? [`${/^\d/.test(name) ? `'${name}'` : name}: ${urls.get(role)}`]
      : []
  })
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}'
}
