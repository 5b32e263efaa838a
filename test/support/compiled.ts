import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'vite'
import { REPOSITORY } from './project.ts'
import { readSources, SRC } from './sources.ts'

const ENTRIES = ['cli', 'vite', 'rollup', 'webpack', 'esbuild', 'bun']

/**
 * The sources of now as JavaScript that plain Node runs, in a folder where they find our dependencies. Not `dist`,
 * which may be of yesterday. Made once for each state of the sources.
 */
export async function compileSources(): Promise<{ cli: string; vite: string }> {
  const hash = createHash('sha256')
  for (const { file, text } of await readSources()) hash.update(`${file}\n${text}\n`)
  const folder = path.join(
    REPOSITORY,
    'node_modules',
    '.cache',
    `compiled-${hash.digest('hex').slice(0, 16)}`,
  )
  if (!existsSync(folder)) await compileTo(folder)
  return { cli: path.join(folder, 'cli.js'), vite: path.join(folder, 'vite.js') }
}

async function compileTo(folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true })
  const temporary = await mkdtemp(`${folder}-`)
  await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir: temporary,
      emptyOutDir: false,
      rollupOptions: { input: ENTRIES.map((name) => path.join(SRC, `${name}.ts`)) },
    },
  })
  try {
    await rename(temporary, folder)
  } catch (error) {
    // Another worker was faster.
    if (!existsSync(folder)) throw error
    await rm(temporary, { recursive: true })
  }
}
