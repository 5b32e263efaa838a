import type { Asset, AssetFile, FileRole } from '../pipeline/asset.ts'

/** How the code of a module comes to the URL of a file: import lines, and the expression that they serve. */
export interface UrlCode {
  imports: string
  expression: string
}

/** The part that differs between bundlers. */
export type UrlOf = (file: AssetFile, index: number) => Promise<UrlCode>

const FILES: readonly FileRole[] = ['fbx', 'obj', 'mtl', 'usdz', 'preRemeshed']
const TEXTURES: readonly FileRole[] = ['baseColor', 'metallic', 'normal', 'roughness', 'emission']

/** The code of a model's module. It holds URLs and facts only: no task id, prompt or price reaches a bundle. */
export async function renderModule(asset: Asset, urlOf: UrlOf): Promise<string> {
  const imports: string[] = []
  const urls = new Map<FileRole, string>()
  for (const [index, file] of asset.files.entries()) {
    const code = await urlOf(file, index)
    if (code.imports) imports.push(code.imports)
    urls.set(file.role, code.expression)
  }
  const textures = asset.wantsTextures ? objectLiteral(TEXTURES, urls) : 'undefined'
  return [
    ...imports,
    `export const url = ${urls.get('glb')}`,
    `export const metadata = ${JSON.stringify(asset.metadata)}`,
    `export const files = ${objectLiteral(FILES, urls)}`,
    `export const textures = ${textures}`,
    `export const thumbnail = ${urls.get('thumbnail') ?? 'undefined'}`,
    `export default { url, metadata, files, textures, thumbnail }`,
    '',
  ].join('\n')
}

/** A module that keeps a build going after a failure, so that its end can report all of them. */
export function renderFailedModule(): string {
  return 'export let url, metadata, files, textures, thumbnail\nexport default undefined\n'
}

function objectLiteral(roles: readonly FileRole[], urls: Map<FileRole, string>): string {
  const fields = roles.flatMap((role) => (urls.has(role) ? [`${role}: ${urls.get(role)}`] : []))
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}'
}
