import { MeshyError } from '../system/errors.ts'
import { directiveOf, findDirective, type Directives, type AnyDirectiveName } from './directives.ts'
import { decodePercent } from './directive.ts'
import { checkValue, duplicateDirective, requireDirective } from './check-value.ts'

/** A parsed import specifier: either with the directives of its author, or with the token of a canonical ID. */
type ParsedSpecifier =
  | { path: string; directives: Directives; token?: undefined }
  | { path: string; token: string; directives?: undefined }

const MARK = /(?:^|[&?])meshy(?:=([^&?#]*))?(?=[&?#]|$)/
const TOKEN = /^[0-9a-f]{16}$/
const OFF = new Set(['false', '0', 'off'])

/** Whether an import is ours: `meshy` is anywhere in its query, and not turned off. */
export function isMeshySpecifier(specifier: string): boolean {
  // IDs that other plugins use internally start with a NUL.
  if (specifier.startsWith('\0')) return false
  const mark = MARK.exec(splitQuery(specifier).query)
  return mark !== null && !OFF.has(mark[1] ?? '')
}

/**
 * Splits a specifier into its path and its directives, by their own names and validated one by one. For a canonical ID,
 * `<path>?meshy=<token>`, returns the token. The path is left unchanged.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_UNKNOWN, MESHY_DIRECTIVE_INVALID, or MESHY_DIRECTIVE_CONFLICT for a directive
 * that is given twice
 */
export function parseSpecifier(specifier: string): ParsedSpecifier {
  const { path, query } = splitQuery(specifier)
  refuseLostText(query)
  const items = splitQueryItems(query).filter(isOurs)
  const token = items.find(({ key, raw }) => key === 'meshy' && TOKEN.test(raw ?? ''))?.raw
  if (token === undefined) return { path, directives: collect(parseItems(items)) }
  if (items.length === 1) return { path, token }
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${query}\` adds directives to a module ID; expected only \`meshy=${token}\`.`,
    hint: 'Import the image itself with `?meshy`, never its module ID.',
  })
}

/** A directive that is given, by its own name and as it is written. */
interface Given {
  name: AnyDirectiveName
  spelling: string
  value: unknown
}

interface Item {
  key: string
  /** The text after `=`, still encoded. */
  raw: string | undefined
}

function splitQuery(specifier: string): { path: string; query: string } {
  const start = specifier.indexOf('?')
  if (start < 0) return { path: specifier, query: '' }
  return { path: specifier.slice(0, start), query: specifier.slice(start + 1) }
}

/** Most tools treat `#` as the end of a query, so that what follows would sometimes be lost. */
function refuseLostText(query: string): void {
  if (!query.includes('#')) return
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `The query \`?${query}\` contains a \`#\`; expected none, because tools end a query there.`,
    hint: 'Write `%23` for `#`.',
  })
}

/**
 * If every item has a value, as in `meshy=true&prompt=a+b`, a URLSearchParams wrote the query, for example for a glob
 * import with an object; then `+` is a space. People who write a query by hand write `meshy` without a value, and mean
 * `+` literally.
 */
function splitQueryItems(query: string): Item[] {
  const items = query.split('&').map(splitItem)
  const isForm = items.length > 1 && items.every(({ raw }) => raw !== undefined)
  return isForm ? items.map(({ key, raw }) => ({ key, raw: raw?.replaceAll('+', ' ') })) : items
}

function splitItem(item: string): Item {
  const equals = item.indexOf('=')
  if (equals < 0) return { key: decodePercent(item), raw: undefined }
  return { key: decodePercent(item.slice(0, equals)), raw: item.slice(equals + 1) }
}

/** Excludes what Vite adds to the URLs of modules: `import`, the time of an update, a version. */
function isOurs({ key, raw }: Item): boolean {
  if (key === 'import') return (raw ?? '') !== ''
  if (key === 't') return !/^\d{10,}$/.test(raw ?? '')
  if (key === 'v') return !/^[0-9a-f]{8}$/.test(raw ?? '')
  return key !== '' || raw !== undefined
}

/**
 * Each directive once: which of two would apply would be a guess.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_CONFLICT for one that is given twice, possibly under two of its names
 */
function collect(given: Iterable<Given>, where?: string): Directives {
  const directives: Record<string, unknown> = {}
  const spellings = new Map<string, string>()
  for (const { name, spelling, value } of given) {
    const earlier = spellings.get(name)
    if (earlier !== undefined) throw duplicateDirective(earlier, spelling, where)
    spellings.set(name, spelling)
    if (name !== 'meshy') directives[name] = value
  }
  // The schemas of the table have checked every value.
  return directives as Directives
}

function* parseItems(items: readonly Item[]): Generator<Given> {
  for (const item of items) yield parseItem(item)
}

function parseItem({ key, raw }: Item): Given {
  if (key.includes('?')) throw secondQuery(key)
  if (key.startsWith('no-') && findDirective(key.slice(3))) {
    const negated = requireDirective(key.slice(3))
    refuseOddNegation(key, raw, directiveOf(negated).value.isFlag === true)
    return { name: negated, spelling: key, value: false }
  }
  const name = requireDirective(key)
  const value = directiveOf(name).value.fromQuery(raw)
  return { name, spelling: key, value: checkValue(name, { spelling: key, value }) }
}

function refuseOddNegation(key: string, raw: string | undefined, isFlag: boolean): void {
  if (isFlag && (raw ?? '') === '') return
  const name = key.slice(3)
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: isFlag
      ? `\`${key}=${raw}\` has a value; expected none.`
      : `\`${key}\`: \`${name}\` is not a boolean.`,
    hint: isFlag ? `Write only \`${key}\`.` : `Remove \`${name}\`, or give it a value.`,
    details: { directive: name },
  })
}

function secondQuery(key: string): MeshyError {
  return new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${key}\` contains a \`?\`; expected only one, at the start of the query.`,
    hint: 'Separate directives with `&`.',
  })
}

/**
 * Reads directives from a JavaScript or JSON object, `{ poly: 3000, pbr: true }`; aliases are accepted.
 *
 * @param where Names the object in messages: `` `presets.prop` ``.
 * @throws {MeshyError} MESHY_DIRECTIVE_UNKNOWN, MESHY_DIRECTIVE_INVALID or MESHY_DIRECTIVE_CONFLICT
 */
export function parseDirectiveObject(object: unknown, where: string): Directives {
  return collect(parseEntries(object, where), where)
}

function* parseEntries(object: unknown, where: string): Generator<Given> {
  for (const [spelling, value] of entriesOf(object, where)) {
    const name = requireDirective(spelling, where)
    if (name === 'meshy') throw needlessMark(where)
    yield { name, spelling, value: checkValue(name, { spelling, value, where }) }
  }
}

function entriesOf(object: unknown, where: string): [string, unknown][] {
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) {
    return Object.entries(object).filter(([, value]) => value !== undefined)
  }
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `${where} is \`${JSON.stringify(object) ?? String(object)}\`; expected an object of directives.`,
    hint: 'Write it like `{ poly: 3000, pbr: true }`.',
  })
}

function needlessMark(where: string): MeshyError {
  return new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`meshy\` is set in ${where}; expected it only in the query of an import.`,
    hint: 'Remove it.',
  })
}
