import { printable } from '../system/redact.ts'

/** A result for people goes to stdout; everything else goes to stderr. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`)
}

export function printError(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}

/** {@link print} for our own text, which may have colours. */
export function printStyled(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2))
}

/** The result of a command: JSON if it was requested, otherwise words, if there is anything to say. */
export function printResult(json: boolean | undefined, facts: unknown, text: string | undefined): void {
  if (json) printJson(facts)
  else if (text !== undefined) print(text)
}

/** Rows under their headings: texts aligned left, numbers right. */
export function formatTable(headings: readonly string[], rows: readonly (string | number)[][]): string {
  const texts = [[...headings], ...rows.map((row) => row.map(String))]
  const widths = headings.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
  const isNumber = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number'))
  const line = (row: string[]): string =>
    row
      .map((cell, column) =>
        isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return texts.map(line).join('\n')
}

/** `30 credits`, everywhere. */
export function formatCredits(credits: number): string {
  return `${credits} credits`
}
