import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { scrubText, type Scrub } from './scrub-text.ts'

/** What a build of esbuild ends with, as far as we use it. */
export interface EsbuildResult {
  /** Set when nothing is written. */
  outputFiles?: { path: string; text: string; contents: Uint8Array }[]
  metafile?: { outputs: Record<string, unknown> }
}

/** Runs `scrub` over the source maps of a build that has ended: those in memory, or those that were written. */
export async function scrubEsbuild(result: EsbuildResult, root: string, scrub: Scrub): Promise<void> {
  for (const file of result.outputFiles ?? []) {
    const after = scrubText(file.path, file.text, scrub)
    // `text` follows from it.
    if (after !== file.text) file.contents = Buffer.from(after)
  }
  if (result.outputFiles) return
  const names = Object.keys(result.metafile?.outputs ?? {})
  await Promise.all(names.map((name) => scrubFile(path.resolve(root, name), scrub)))
}

async function scrubFile(file: string, scrub: Scrub): Promise<void> {
  if (!/\.(?:map|[cm]?js)$/.test(file)) return
  const before = await readFile(file, 'utf8')
  const after = scrubText(file, before, scrub)
  if (after !== before) await writeFile(file, after)
}
