import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** A file of src: its path there with forward slashes, and its text. */
export interface Source {
  file: string
  text: string
}

/** Every TypeScript file of src, sorted by path. */
export async function readSources(): Promise<Source[]> {
  const names = await readdir(SRC, { recursive: true })
  const files = names.filter((name) => name.endsWith('.ts')).sort()
  return Promise.all(
    files.map(async (name) => ({
      file: name.split(path.sep).join('/'),
      text: await readFile(path.join(SRC, name), 'utf8'),
    })),
  )
}
