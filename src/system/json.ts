/** The parsed JSON, or `undefined` if the text is not JSON. Some Windows editors start a file with a byte order mark. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The parsed JSON; text that is not JSON becomes the error that `toError` creates from the reason. */
export function mustParseJson(text: string, toError: (cause: SyntaxError) => Error): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw error instanceof SyntaxError ? toError(error) : error
  }
}

const INDENT = '  '
const FIRST_INDENT = /^([ \t]+)"/m

/** JSON in which a list of plain values takes one line: three numbers are one fact. */
export function formatJson(value: unknown, unit = INDENT, indent = ''): string {
  const inner = indent + unit
  if (Array.isArray(value)) {
    if (!value.some(isNested)) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    return block(
      '[',
      value.map((item) => inner + formatJson(item, unit, inner)),
      ']',
      indent,
    )
  }
  if (!isNested(value)) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  if (fields.length === 0) return '{}'
  return block(
    '{',
    fields.map(([name, field]) => `${inner}${JSON.stringify(name)}: ${formatJson(field, unit, inner)}`),
    '}',
    indent,
  )
}

/** The indentation of a JSON text, as a formatter with other settings has left it; undefined if it has no lines. */
export function indentOf(json: string): string | undefined {
  return FIRST_INDENT.exec(json)?.[1]
}

/** A string, with the colon after it if it is a name; or the start or end of an object. */
const NAME_OR_BRACE = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g

/** The first name that occurs twice in one object of a JSON text: `JSON.parse` silently keeps the last one. */
export function findDuplicateName(json: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(NAME_OR_BRACE)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (text !== undefined && colon !== undefined) {
      const names = open.at(-1)
      const name = unquote(text)
      if (names?.has(name)) return name
      names?.add(name)
    }
  }
  return undefined
}

/** Most names have no escapes, and every build reads all of them. */
function unquote(text: string): string {
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1)
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function block(start: string, lines: string[], end: string, indent: string): string {
  return `${start}\n${lines.join(',\n')}\n${indent}${end}`
}
