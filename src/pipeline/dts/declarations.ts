/** The first line of a file that we may write over. */
export const DECLARATIONS_MARK =
  '// Written by unplugin-meshy: the types of every query that an import of a model had so far.'

const MODULE = /^declare module ("\*(?:[^"\\]|\\.)*")/gm

/** A file with one module for each query, sorted: TypeScript allows one `*` in a pattern, so queries are spelled out. */
export function formatDeclarations(queries: Iterable<string>): string {
  const modules = [...new Set(queries)].toSorted().map(formatModule)
  return [`${DECLARATIONS_MARK}\n// Lines are only added; delete the file to start anew.\n`, ...modules].join(
    '\n',
  )
}

/** The queries that a file declares, as {@link formatDeclarations} wrote them. */
export function readDeclarations(text: string): string[] {
  return [...text.matchAll(MODULE)].map(([, pattern]) => (JSON.parse(pattern ?? '') as string).slice(1))
}

/** Whether TypeScript can match a query: a second `*` beside that of the path is refused. */
export function isDeclarable(query: string): boolean {
  return !query.includes('*')
}

/** No import at the top, which would make the file a module and its declarations augmentations. */
function formatModule(query: string): string {
  const fields = ['url', 'metadata', 'files', 'textures', 'thumbnail', 'thumbnails', 'lods']
  return [
    `declare module ${JSON.stringify(`*${query}`)} {`,
    `  const asset: import('unplugin-meshy/types').MeshyAsset`,
    ...fields.map((field) => `  export const ${field}: typeof asset.${field}`),
    '  export default asset',
    '}',
    '',
  ].join('\n')
}
