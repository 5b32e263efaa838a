/**
 * Aligns rows under their headings: texts left, numbers right.
 *
 * @param {string[]} headings
 * @param {(string | number)[][]} rows
 */
export function formatTable(headings, rows) {
  const cells = [headings, ...rows.map((row) => row.map(format))]
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const isNumber = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number'))
  const line = (row) =>
    row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ')
  const rule = widths.map((width) => '─'.repeat(width))
  return [line(cells[0]), line(rule), ...cells.slice(1).map(line)].map((text) => text.trimEnd()).join('\n')
}

function format(cell) {
  return typeof cell === 'number' ? cell.toLocaleString('en', { maximumFractionDigits: 1 }) : cell
}
