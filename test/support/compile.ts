import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'vite'
import { REPOSITORY } from './project.ts'

const WORKER = /^src\/.*\/worker\.ts$/
/** Of the package, and the command line for programs that call it. */
const ENTRY = /^src\/(?:[^/]+|cli\/main)\.ts$/
const CHILD = /\/children\/[^/]+\.ts$/
/** Packages of many small files, or with much that nothing needs: within a program they are loaded at once. */
const INLINED = ['zod', 'hono', '@hono/node-server', 'citty', 'p-queue', 'eventemitter3', 'p-timeout']
/** Programs of which the tests run another. */
const REPLACED: Record<string, string> = {
  'src/stand-in/mesher/worker.ts': 'test/support/mesher-worker.ts',
}

/**
 * Before the tests: the sources of now, and the programs of the tests, as JavaScript that plain Node starts at once, in
 * a folder where they find our dependencies. Not `dist`, which may be of yesterday. Made once for each state of the code.
 *
 * @returns the folder
 */
export async function compile(): Promise<string> {
  const files = [...(await typeScriptOf('src')), ...(await typeScriptOf('test'))]
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\n${await readFile(path.join(REPOSITORY, file), 'utf8')}\n`)
  const name = `compiled-${hash.digest('hex').slice(0, 16)}`
  const folder = path.join(REPOSITORY, 'node_modules', '.cache', name)
  const programs = files.filter((file) => [ENTRY, WORKER, CHILD].some((kind) => kind.test(file)))
  if (!existsSync(folder)) await compileTo(folder, programs)
  return folder
}

/** Lets the sources that tests import start the worker threads that were compiled, as those start at once too. */
export function compiledWorkers(folder: string): Plugin {
  const place = JSON.stringify(pathToFileURL(path.join(folder, 'system', 'worker-pool.mjs')).href)
  return {
    name: 'compiled-workers',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/.*\/worker-pool\.ts$/ },
      handler: (code) => code.replaceAll('import.meta.url', place),
    },
  }
}

/** By their paths in the repository, with forward slashes. Tests themselves are no part of any program. */
async function typeScriptOf(folder: string): Promise<string[]> {
  const names = await readdir(path.join(REPOSITORY, folder), { recursive: true })
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .sort()
}

async function compileTo(folder: string, programs: readonly string[]): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true })
  const temporary = await mkdtemp(`${folder}-`)
  const input = Object.fromEntries(
    programs.map((file) => [placeOf(file), path.join(REPOSITORY, REPLACED[file] ?? file)]),
  )
  const output = { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' }
  await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'error',
    plugins: [sourcesOfChunks()],
    ssr: { noExternal: INLINED },
    build: { ssr: true, outDir: temporary, emptyOutDir: false, rollupOptions: { input, output } },
  })
  // Some programs run as another user.
  await chmod(temporary, 0o755)
  try {
    await rename(temporary, folder)
  } catch (error) {
    // Another run was faster.
    if (!existsSync(folder)) throw error
    await rm(temporary, { recursive: true })
  }
}

/** Writes down which sources are in which chunk, so that a trace of what is loaded can be read. */
function sourcesOfChunks(): Plugin {
  const src = path.join(REPOSITORY, 'src')
  const sourceOf = (id: string) => (id.startsWith(src + path.sep) ? [path.relative(src, id)] : [])
  return {
    name: 'sources-of-chunks',
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).flatMap((chunk) => (chunk.type === 'chunk' ? chunk : []))
      const entries = chunks.map(({ fileName, modules }) => [
        fileName,
        Object.keys(modules).flatMap(sourceOf),
      ])
      this.emitFile({
        type: 'asset',
        fileName: 'modules.json',
        source: JSON.stringify(Object.fromEntries(entries)),
      })
    },
  }
}

/** What is of `src` is where the package has it, so that workers are found. */
function placeOf(file: string): string {
  return file.replace(/^src\//, '').slice(0, -'.ts'.length)
}
