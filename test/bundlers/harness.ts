import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RollupLog } from 'rollup'
import type { InlineConfig, Logger } from 'vite'
import { onTestFinished, vi } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import type { Options } from '../../src/index.ts'
import meshyForRollup from '../../src/rollup.ts'
import meshyForVite from '../../src/vite.ts'
import { makeGrain } from '../glb/pictures.ts'
import '../support/equal-bytes.ts'
import { createProject, runNode, type Project, type ProjectInit } from '../support/project.ts'

export const VITES = ['Vite 8', 'Vite 7', 'Vite 6'] as const
export const BUNDLERS = [...VITES, 'Rollup 4'] as const
export type ViteName = (typeof VITES)[number]
export type BundlerName = (typeof BUNDLERS)[number]

// Each is loaded when it is needed. They have types of their own, which fit each other in what is used here.
export const VITE_BUILDS: Record<ViteName, (config: InlineConfig) => Promise<unknown>> = {
  'Vite 8': async (config) => (await import('vite')).build(config),
  'Vite 7': async (config) => (await import('vite7')).build(config as object),
  'Vite 6': async (config) => (await import('vite6')).build(config as object),
}

/** A page's worth of a model: what an entry exports for {@link evaluate}. */
export const entryOf = (specifier: string) =>
  `import hero, { url, metadata, files, textures, thumbnail, thumbnails } from ${JSON.stringify(specifier)}\n` +
  `export default { hero, named: { url, metadata, files, textures, thumbnail, thumbnails } }\n`

/** An emulator for one test, so fast that nobody waits. Nothing of the environment decides what the plugin does. */
export async function emulate(options: StartOptions = {}): Promise<RunningEmulator> {
  vi.stubEnv('CI', 'false')
  for (const name of ['MESHY_MODE', 'MESHY_API_KEY', 'MESHY_BASE_URL', 'MESHY_MAX_CREDITS']) {
    vi.stubEnv(name, undefined)
  }
  const emulator = await startEmulator({
    taskMs: 30,
    pendingMs: 5,
    requestsPerSecond: 10_000,
    models: 'card',
    ...options,
  })
  onTestFinished(async () => {
    await emulator.close()
    vi.unstubAllEnvs()
  })
  return emulator
}

/** A user's project for one test, with the picture `hero.png`. */
export async function makeProject(init: ProjectInit = {}): Promise<Project> {
  const project = await createProject(init)
  if (!init.pictures?.['hero.png']) await writeFile(path.join(project.root, 'hero.png'), makeGrain())
  // What a run still writes when its bundler is closed may come in between.
  onTestFinished(() => rm(project.root, { recursive: true, force: true, maxRetries: 10 }))
  return project
}

/** The options of a plugin that may pay at the emulator. */
export function paying(emulator: RunningEmulator, options: Options = {}): Options {
  const { url: baseUrl, apiKey } = emulator
  return { baseUrl, apiKey, mode: 'generate', requestsPerSecond: 1000, ...options }
}

export interface BuildInit {
  /** Options of the plugin. */
  meshy: Options
  /** Entry, relative to the root. @default 'main.js' */
  entry?: string
  /** @default 'dist' */
  outDir?: string
  sourcemap?: boolean
  /** More of Vite's configuration. */
  vite?: InlineConfig
}

export interface Built {
  outDir: string
  /** Path in the output → bytes, sorted by path. */
  files: Map<string, Buffer>
  /** Everything that the bundler told. */
  log: string
}

/** Builds a project, and throws what the bundler throws; see {@link failBuild}. */
export function build(bundler: BundlerName, project: Project, init: BuildInit): Promise<Built> {
  return bundler === 'Rollup 4' ? buildByRollup(project, init) : buildByVite(bundler, project, init)
}

/** The error and the log of a build that must fail. */
export async function failBuild(
  bundler: BundlerName,
  project: Project,
  init: BuildInit,
): Promise<Error & { code?: string }> {
  const outcome = await build(bundler, project, init).catch((error: Error & { code?: string }) => error)
  if (outcome instanceof Error) return outcome
  throw new Error('The build was supposed to fail.')
}

async function buildByVite(name: ViteName, { root }: Project, init: BuildInit): Promise<Built> {
  const { entry = 'main.js', outDir = 'dist', sourcemap = false, vite = {} } = init
  const log: string[] = []
  await VITE_BUILDS[name]({
    root,
    configFile: false,
    customLogger: collectingLogger(log),
    ...vite,
    plugins: [meshyForVite(init.meshy), ...(vite.plugins ?? [])],
    build: {
      outDir,
      sourcemap,
      modulePreload: false,
      rollupOptions: { input: path.join(root, entry), preserveEntrySignatures: 'strict' },
      ...vite.build,
    },
  })
  return {
    outDir: path.join(root, outDir),
    files: await readFiles(path.join(root, outDir)),
    log: log.join('\n'),
  }
}

async function buildByRollup({ root }: Project, init: BuildInit): Promise<Built> {
  const { entry = 'main.js', outDir = 'dist', sourcemap = false } = init
  const log: string[] = []
  const dir = path.join(root, outDir)
  await rm(dir, { recursive: true, force: true })
  workIn(root)
  collectConsole(log)
  const { rollup } = await import('rollup')
  const bundle = await rollup({
    input: path.join(root, entry),
    plugins: [meshyForRollup(init.meshy)],
    onLog: (_level: string, { message }: RollupLog) => void log.push(message),
  })
  await bundle.write({ dir, sourcemap, assetFileNames: 'assets/[name]-[hash][extname]' })
  await bundle.close()
  return { outDir: dir, files: await readFiles(dir), log: log.join('\n') }
}

/** Rollup has no root but the working folder. */
export function workIn(folder: string): void {
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
}

/** Keeps what is told on the console, where a bundler has no logger of its own. */
export function collectConsole(log: string[]): void {
  for (const name of ['info', 'warn', 'error'] as const) {
    const spy = vi.spyOn(console, name).mockImplementation((text: string) => void log.push(text))
    onTestFinished(() => spy.mockRestore())
  }
}

/** A logger of Vite that keeps every text. */
export function collectingLogger(log: string[]): Logger {
  const keep = (text: string) => void log.push(text)
  return {
    hasWarned: false,
    info: keep,
    warn: keep,
    warnOnce: keep,
    error: keep,
    clearScreen: () => {},
    hasErrorLogged: () => false,
  }
}

/** Path → bytes of every file in a folder, sorted by path; none when there is no such folder. */
export async function readFiles(folder: string): Promise<Map<string, Buffer>> {
  await mkdir(folder, { recursive: true })
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)),
  )
}

/** Names and bytes of the models in an output. */
export function modelsOf({ files }: Built): Map<string, Buffer> {
  return new Map([...files].filter(([name]) => name.endsWith('.glb')))
}

/** The text of an output's code. */
export function codeOf({ files }: Built): string {
  return textsOf(files, /\.[cm]?js$/)
}

/** The text of all files whose name matches. */
export function textsOf(files: Map<string, Buffer>, pattern: RegExp): string {
  return [...files].flatMap(([name, bytes]) => (pattern.test(name) ? [bytes.toString()] : [])).join('\n')
}

/** Runs built code in a process of its own and returns the default export of a module. */
export async function evaluate<T = unknown>(file: string): Promise<T> {
  const script = `import(${JSON.stringify(`file://${file}`)}).then(async (m) => console.log(JSON.stringify(await m.default)))`
  const name = `${file}.run.mjs`
  await writeFile(name, script)
  const { code, stdout, stderr } = await runNode([name], { cwd: path.dirname(file) })
  await rm(name)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as T
}

/** The entry of an output. */
export function entryFile({ outDir, files }: Built, name = 'main'): string {
  const found = [...files.keys()].find((file) => new RegExp(`(^|/)${name}(-[\\w-]+)?\\.m?js$`).test(file))
  if (!found) throw new Error(`There is no ${name} in ${[...files.keys()].join(', ')}`)
  return path.join(outDir, found)
}

/** The bytes that the emulator serves for its tasks, oldest first. */
export async function servedModels(emulator: RunningEmulator): Promise<Buffer[]> {
  const urls = emulator.tasks().map(({ model_urls }) => (model_urls as { glb: string }).glb)
  return Promise.all(urls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())))
}

/** The bodies of the create requests that arrived, oldest first. */
export function posted({ requests }: RunningEmulator): { path: string; body: Record<string, unknown> }[] {
  return requests
    .filter(({ route }) => route === 'create')
    .map(({ path: route, body }) => ({ path: route, body: body ?? {} }))
}
