import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'
import { REPOSITORY } from './project.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of what was compiled. */
    compiled: string
  }
}

/** Of `src`: what users import or run, and the worker threads, which are found by where they are. */
const ENTRIES = [
  'cli',
  'vite',
  'rollup',
  'webpack',
  'esbuild',
  'bun',
  'derive/worker',
  'preview/worker',
  'store/worker',
]
const CHILD = /\/children\/[^/]+\.ts$/

/**
 * Before the tests: the sources of now, and the programs of the tests, as JavaScript that plain Node starts at once, in
 * a folder where they find our dependencies. Not `dist`, which may be of yesterday. Made once for each state of the code.
 */
export default async function compile(project: TestProject): Promise<void> {
  const files = [...(await typeScriptOf('src')), ...(await typeScriptOf('test'))]
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\n${await readFile(path.join(REPOSITORY, file), 'utf8')}\n`)
  const name = `compiled-${hash.digest('hex').slice(0, 16)}`
  const folder = path.join(REPOSITORY, 'node_modules', '.cache', name)
  const children = files.filter((file) => CHILD.test(file)).map(withoutExtension)
  if (!existsSync(folder)) await compileTo(folder, children)
  project.provide('compiled', folder)
}

/** By their paths in the repository, with forward slashes. Tests themselves are no part of any program. */
async function typeScriptOf(folder: string): Promise<string[]> {
  const names = await readdir(path.join(REPOSITORY, folder), { recursive: true })
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .sort()
}

const withoutExtension = (file: string): string => file.slice(0, -'.ts'.length)

async function compileTo(folder: string, children: readonly string[]): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true })
  const temporary = await mkdtemp(`${folder}-`)
  const input = {
    ...Object.fromEntries(ENTRIES.map((name) => [name, path.join(REPOSITORY, 'src', `${name}.ts`)])),
    ...Object.fromEntries(children.map((name) => [name, path.join(REPOSITORY, `${name}.ts`)])),
  }
  const output = { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' }
  await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    build: { ssr: true, outDir: temporary, emptyOutDir: false, rollupOptions: { input, output } },
  })
  try {
    await rename(temporary, folder)
  } catch (error) {
    // Another run was faster.
    if (!existsSync(folder)) throw error
    await rm(temporary, { recursive: true })
  }
}
