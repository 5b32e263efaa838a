import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { InputOptions } from 'rollup'
import { defineBuildConfig } from 'unbuild'
import { buildPage } from './scripts/build-page.mjs'
import { recipeJsonSchema } from './src/request/recipe.ts'

const DECLARATIONS = path.resolve('node_modules/.cache/declarations')

/**
 * Bundles the declarations of the native compiler, which takes seconds: the bundler alone takes minutes, and gigabytes.
 */
async function bundleDeclarations(options: InputOptions): Promise<void> {
  await rm(DECLARATIONS, { recursive: true, force: true })
  execFileSync(process.execPath, ['node_modules/ts7/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  // Nobody imports a worker.
  const names = Object.keys(options.input ?? {}).filter((name) => !name.endsWith('/worker'))
  options.input = Object.fromEntries(names.map((name) => [name, `${DECLARATIONS}/src/${name}.d.ts`]))
  // What strips types would leave nothing.
  options.plugins = [options.plugins]
    .flat()
    .filter((plugin) => !(plugin && 'name' in plugin && plugin.name === 'esbuild'))
}

interface Manifest {
  exports: Record<string, string | { types?: string; default?: string }>
  bin: Record<string, string>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

/** Where the code is from which the package exports what the build makes: `./dist/vite.mjs` is made from `src/vite`. */
function sourceOf(exported: Manifest['exports'][string]): string[] {
  const made = typeof exported === 'string' ? exported : exported.default
  const name = /^\.\/dist\/(.+)\.mjs$/.exec(made ?? '')?.[1]
  return name === undefined ? [] : [`src/${name}`]
}

export default defineBuildConfig({
  entries: [
    ...Object.values(manifest.exports).flatMap(sourceOf),
    ...Object.values(manifest.bin).flatMap(sourceOf),
    // Workers are started from files of their own.
    'src/stand-in/mesher/worker',
    'src/derive/worker',
    'src/store/worker',
    'src/cli/ahead/worker',
  ],
  declaration: 'node16',
  clean: true,
  rollup: {
    emitCJS: false,
    // What every run loads is three files: each further one costs as much as its code.
    output: {
      onlyExplicitManualChunks: true,
      manualChunks: (id: string, { getModuleInfo }: { getModuleInfo: GetModuleInfo }) =>
        chunkOf(id, getModuleInfo),
    },
    esbuild: { target: 'node20' },
  },
  hooks: {
    'rollup:dts:options': (_, options) => bundleDeclarations(options),
    'build:done': async ({ options }) => {
      const text = `${JSON.stringify(recipeJsonSchema(), undefined, 2)}\n`
      await writeFile(path.resolve(options.rootDir, options.outDir, 'recipe.schema.json'), text)
      await buildPage()
    },
  },
})

type GetModuleInfo = (id: string) => { importers: readonly string[] } | null

/** The threads that do one thing alone; the one of `cli/ahead` does what a whole run does. */
const SMALL_WORKER = /^(?:derive|stand-in\/mesher|store)\/worker\.ts$/

/** The file of a module that comes with the plugin at once: apart from the rest if threads or commands load it too. */
function chunkOf(id: string, getModuleInfo: GetModuleInfo): string | undefined {
  const roots = [...entriesOver(id, getModuleInfo, new Set())]
  if (!roots.includes('index.ts')) return undefined
  if (roots.some((name) => SMALL_WORKER.test(name))) return 'base'
  return roots.includes('cli.ts') || roots.includes('emulator.ts') ? 'common' : 'core'
}

/** The entries that import a module at once, by their paths in `src`. */
function entriesOver(id: string, getModuleInfo: GetModuleInfo, seen: Set<string>): Set<string> {
  if (seen.has(id)) return new Set()
  seen.add(id)
  const name = path.relative(path.resolve('src'), id).replaceAll('\\', '/')
  const found = new Set(/^(index|cli|emulator|.*worker)\.ts$/.test(name) ? [name] : [])
  for (const importer of getModuleInfo(id)?.importers ?? []) {
    for (const entry of entriesOver(importer, getModuleInfo, seen)) found.add(entry)
  }
  return found
}
