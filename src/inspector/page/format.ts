export function formatNumber(number: number): string {
  return number.toLocaleString('en')
}

export function formatCredits(credits: number): string {
  return `${formatNumber(credits)} credits`
}

/** An extent as `0.8 × 1.9 × 0.5 m`. */
export function formatSize(size: readonly number[]): string {
  return `${size.map((length) => Number(length.toPrecision(3))).join(' × ')} m`
}

/** A value, and its previous value if that was different. */
export function formatChange(before: string | undefined, now: string): string {
  return before === undefined || before === now ? now : `${before} → ${now}`
}

/** A directive as in a query: `pbr`, `no-texture`, `poly=5000`. */
export function formatDirective(name: string, value: unknown): string {
  if (value === true) return name
  if (value === false) return `no-${name}`
  return `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`
}

export function formatSite({ file, line }: { file: string; line?: number | undefined }): string {
  return line === undefined ? file : `${file}:${line}`
}
