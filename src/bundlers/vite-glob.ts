import { readSource } from './bundler-error.ts'
import { fileOf, pathOf } from './resolve.ts'

/** Signs that mean something else where a query is written than where it is read. */
const AMBIGUOUS = /[+%#]/
const ENCODED: Record<string, string> = { '+': '%2B', '%': '%25', '#': '%23' }

/**
 * A specifier as its author means it. Vite turns the object query of an `import.meta.glob` into text in two ways: it
 * encodes it, with `+` for a space, or leaves everything as it is, where it bundles natively. Such a text is not in the
 * source; a query that is belongs to its author, and stays.
 *
 * @param isNative whether globs are left to the native bundler
 */
export async function asMeant(
  specifier: string,
  importer: string | undefined,
  isNative: boolean,
): Promise<string> {
  const query = specifier.slice(pathOf(specifier).length + 1)
  if (!AMBIGUOUS.test(query) || importer === undefined) return specifier
  const source = await readSource(fileOf(importer))
  if (!source?.includes('import.meta.glob') || source.includes(query)) return specifier
  const meant = isNative
    ? query.replace(/[+%#]/g, (sign) => ENCODED[sign] ?? sign)
    : query.replaceAll('+', '%20')
  return `${pathOf(specifier)}?${meant}`
}
