import type { OutputFile, OutputFiles } from './scrub-maps.ts'

/** Overwrites prompts in the source maps of some files. */
export type Scrub = (files: OutputFiles) => void

/** A source map, or code that may end with one, after `scrub`. All else is returned as it is. */
export function scrubText(name: string, text: string, scrub: Scrub): string {
  if (!/\.(?:map|[cm]?js)$/.test(name)) return text
  const file: OutputFile = name.endsWith('.map')
    ? { type: 'asset', source: text }
    : { type: 'chunk', code: text }
  scrub({ [name]: file })
  return file.type === 'asset' ? String(file.source) : file.code
}
