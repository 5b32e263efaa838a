/** The line that stands in a file that we may write over. */
export const DECLARATIONS_MARK =
  '// Written by unplugin-meshy: the types of every query that model imports have used so far.'

/** What makes linters and formatters leave the file alone; Prettier knows no mark for a whole file of code. */
const HEAD = [
  '/* eslint-disable */',
  '// biome-ignore-all format: generated',
  '// biome-ignore-all lint: generated',
  DECLARATIONS_MARK,
  '// Lines are only added. To start over, delete the file.',
  '',
].join('\n')
const MODULE_MARK = '// prettier-ignore'
const FIELDS = ['url', 'metadata', 'files', 'textures', 'thumbnail', 'thumbnails', 'lods']

/** Whatever quotes a formatter prefers. */
const MODULE = /^declare module\s+("\*(?:[^"\\]|\\.)*"|'\*(?:[^'\\]|\\.)*')/gm

/** A file with one module for each query, sorted: TypeScript allows one `*` in a pattern, so queries are spelled out. */
export function formatDeclarations(queries: Iterable<string>): string {
  const modules = [...new Set(queries)].toSorted().map(formatModule)
  return [HEAD, ...modules].join('\n')
}

/** Whether a text declares these queries with all fields, and carries the marks; a formatter may have had its way. */
export function declaresAll(text: string, queries: Iterable<string>): boolean {
  const declared = readDeclarations(text)
  const counts = FIELDS.map((field) => text.split(`export const ${field}:`).length - 1)
  const isWhole = text.includes(MODULE_MARK) && counts.every((count) => count === declared.length)
  return isWhole && [...queries].every((query) => declared.includes(query))
}

/** The queries that a file declares, as {@link formatDeclarations} or a formatter wrote them. */
export function readDeclarations(text: string): string[] {
  return [...text.matchAll(MODULE)].map(([, pattern = '']) => unquote(pattern).slice(1))
}

/** Whether TypeScript can match a query: a second `*` beside that of the path is refused. */
export function isDeclarable(query: string): boolean {
  return !query.includes('*')
}

function unquote(literal: string): string {
  const inner = literal.slice(1, -1).replaceAll(/\\(.)|"/g, (found, sign: string | undefined) => {
    if (found === '"') return String.raw`\"`
    return sign === "'" ? "'" : found
  })
  return JSON.parse(`"${inner}"`) as string
}

/** No import at the top, which would make the file a module and its declarations augmentations. */
function formatModule(query: string): string {
  return [
    MODULE_MARK,
    `declare module ${JSON.stringify(`*${query}`)} {`,
    `  const asset: import('unplugin-meshy/types').MeshyAsset`,
    ...FIELDS.map((field) => `  export const ${field}: typeof asset.${field}`),
    '  export default asset',
    '}',
    '',
  ].join('\n')
}
