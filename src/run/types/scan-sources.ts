import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { isMeshyError, type ImportSite, type MeshyError } from '../../system/errors.ts'
import { parseSpecifier, isMeshySpecifier } from '../../request/parse.ts'

/** An import of a model, or the query of a glob, as written in a source. */
interface FoundText {
  /** The specifier of an import; for a glob, its query. */
  specifier: string
  /** `?meshy&pbr` */
  query: string
  isGlob: boolean
  line: number
}

export interface FoundImport extends FoundText {
  /** Absolute path of the source. */
  importer: string
  site: ImportSite
  /** Why a build would refuse the query. */
  error: MeshyError | undefined
}

const SOURCE = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|html)$/
/** Folders of installed or built files; folders whose name starts with a dot are excluded as well. */
const NOT_SOURCES = new Set(['node_modules', 'dist', 'build', 'out', 'coverage'])

/** What may stand before the specifier of an import, or before the query of `import.meta.glob`. */
const LITERAL = /\b(from|import|import\s*\(|require\s*\(|query\s*:)\s*(["'`])((?:\\.|(?!\2)[^\\\n])*)\2/g

/**
 * Finds the imports of models in the sources below a folder, by their text alone.
 *
 * @param root absolute; sites are told from there
 */
export async function scanSources(root: string, skip: ReadonlySet<string>): Promise<FoundImport[]> {
  const files = await listSources(root, skip)
  const found = files.map(async (importer) => {
    const file = path.relative(root, importer).replaceAll('\\', '/')
    return scanText(await readFile(importer, 'utf8')).map((one) => {
      const site = { file, line: one.line }
      return Object.assign(one, { importer, site, error: errorOf(one.query)?.at(site) })
    })
  })
  return (await Promise.all(found)).flat()
}

/** Comments, and the strings that may hold what looks like one. */
const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|\/\/[^\n]*|(["'`])(?:\\.|(?!\1)[^\\\n])*\1/g

/** The source with its comments blanked out, line by line: an import that is commented out asks for nothing. */
function withoutComments(source: string): string {
  return source.replace(COMMENT_OR_STRING, (text, quote) => (quote ? text : text.replace(/[^\n]/g, ' ')))
}

/** The imports in the text of one source. */
export function scanText(text: string): FoundText[] {
  const source = withoutComments(text)
  return [...source.matchAll(LITERAL)].flatMap(({ 1: before = '', 3: literal = '', index }) => {
    const specifier = literal.replaceAll(/\\(["'`\\])/g, '$1')
    const isGlob = before.startsWith('query')
    // A glob may leave out the `?`.
    const query = isGlob && !specifier.startsWith('?') ? `?${specifier}` : queryOf(specifier)
    const line = source.slice(0, index).split('\n').length
    return isMeshySpecifier(query) ? [{ specifier, query, isGlob, line }] : []
  })
}

function queryOf(specifier: string): string {
  const start = specifier.indexOf('?')
  return start < 0 ? '' : specifier.slice(start)
}

function errorOf(query: string): MeshyError | undefined {
  try {
    parseSpecifier(query)
    return undefined
  } catch (error) {
    if (isMeshyError(error)) return error
    throw error
  }
}

async function listSources(folder: string, skip: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const lists = entries.map(async (entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return isLeftOut(file, skip) ? [] : listSources(file, skip)
    return entry.isFile() && SOURCE.test(entry.name) && !entry.name.endsWith('.d.ts') ? [file] : []
  })
  return (await Promise.all(lists)).flat().toSorted()
}

function isLeftOut(folder: string, skip: ReadonlySet<string>): boolean {
  const name = path.basename(folder)
  return name.startsWith('.') || NOT_SOURCES.has(name) || skip.has(folder)
}
