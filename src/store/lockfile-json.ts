const INDENT = '  '

/** JSON with two spaces, where a list of plain values takes one line: three numbers are one fact. */
export function formatJson(value: unknown, indent = ''): string {
  const inner = indent + INDENT
  if (Array.isArray(value)) {
    if (!value.some(isNested)) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    return block(
      '[',
      value.map((item) => formatJson(item, inner)),
      ']',
      indent,
    )
  }
  if (!isNested(value)) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  if (fields.length === 0) return '{}'
  return block(
    '{',
    fields.map(([name, field]) => `${JSON.stringify(name)}: ${formatJson(field, inner)}`),
    '}',
    indent,
  )
}

/** The first name that occurs twice in one object of a JSON text: `JSON.parse` keeps the last of both, silently. */
export function findDuplicateName(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let nameIsNext = false
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (nameIsNext && isRepeated(token, open.at(-1))) return String(JSON.parse(token))
    nameIsNext = token === '{' || token === ','
  }
  return undefined
}

/** @param names those of the object so far; undefined in a list, whose items are no names */
function isRepeated(token: string, names: Set<string> | undefined): boolean {
  if (!names || !token.startsWith('"')) return false
  const name = String(JSON.parse(token))
  if (names.has(name)) return true
  names.add(name)
  return false
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function block(start: string, lines: string[], end: string, indent: string): string {
  return `${start}\n${lines.map((line) => indent + INDENT + line).join(',\n')}\n${indent}${end}`
}
