/** A size for readers: `2.1 MB`, `340 kB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** power).toFixed(1))} ${units[power]}`
}

/** Names as code, for Markdown and messages: `` `a`, `b` ``. */
export function quoted(names: readonly string[], between = ', '): string {
  return names.map((name) => `\`${name}\``).join(between)
}

/** `1 file`, `2 files`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
