import { Console } from 'node:console'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import PQueue from 'p-queue'
import { build } from 'vite'
import { afterAll, onTestFinished, vi } from 'vitest'
import type { runCommandLine as commandLine } from '../../src/cli/main.ts'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import type { Mode } from '../../src/finding/modes.ts'
import { COMPILED } from '../support/compiled.ts'
import { createDice } from '../support/dice.ts'
import {
  createProject,
  neutralEnvironment,
  REPOSITORY,
  runNode,
  type Finished,
  type Project,
  type ProjectInit,
} from '../support/project.ts'
import { openRun } from '../support/run.ts'

/** The command line, for Node. */
export const CLI = COMPILED.cli

export interface CliOptions {
  cwd?: string
  env?: Record<string, string>
}

/** Runs the command line in a process of its own, as a user does. */
export function spawnCli(args: string[], { cwd = REPOSITORY, env = {} }: CliOptions = {}): Promise<Finished> {
  return runNode([CLI, ...args], { cwd, env })
}

/** Runs the command line as {@link spawnCli}, but within this process: most of the time of another is its start. */
export function runCli(args: string[], options: CliOptions = {}): Promise<Finished> {
  return within(options, async () => {
    const { runCommandLine }: { runCommandLine: typeof commandLine } = await import(
      pathToFileURL(COMPILED.main).href
    )
    return runCommandLine(args)
  })
}

/** Two programs cannot have the folder and the variables of one process at once. */
const queue = new PQueue({ concurrency: 1 })

/** Does what a program does in the folder, the variables and the output of a process of its own. */
function within(
  { cwd = REPOSITORY, env = {} }: CliOptions,
  program: () => Promise<number>,
): Promise<Finished> {
  return queue.add(async () => {
    const output = { stdout: '', stderr: '' }
    const before = { folder: process.cwd(), env: process.env, console }
    const streams = (['stdout', 'stderr'] as const).map((name) =>
      vi.spyOn(process[name], 'write').mockImplementation((text) => Boolean((output[name] += String(text)))),
    )
    process.chdir(cwd)
    process.env = { ...neutralEnvironment(), ...env }
    globalThis.console = new Console(process.stdout, process.stderr)
    try {
      return { code: await program(), ...output }
    } finally {
      globalThis.console = before.console
      process.env = before.env
      process.chdir(before.folder)
      for (const stream of streams) stream.mockRestore()
    }
  })
}

/** An emulator for one test, so fast that nobody waits. */
export async function emulate(options: StartOptions = {}): Promise<RunningEmulator> {
  const emulator = await startEmulator({
    taskMs: 30,
    pendingMs: 5,
    requestsPerSecond: 10_000,
    maker: createDice(),
    ...options,
  })
  onTestFinished(() => emulator.close())
  return emulator
}

/** What a user sets to use an emulator, as models may only be made there. */
export function emulated({ url, apiKey }: RunningEmulator): Record<string, string> {
  return { MESHY_BASE_URL: url, MESHY_API_KEY: apiKey }
}

/** The environment of somebody without a key. The address stays: it says that the models are an emulator's. */
export function keyless({ url }: RunningEmulator): Record<string, string> {
  return { MESHY_BASE_URL: url }
}

export const VITE_CONFIG = `import meshy from 'unplugin-meshy/vite'

export default {
  plugins: [meshy()],
  build: { rollupOptions: { input: 'main.js' }, modulePreload: false },
}
`

/**
 * A Vite project for one test: it imports `hero.png` by default, and its `node_modules` hold our sources and Vite.
 *
 * @param vite the package of this repository that is its Vite
 */
export async function viteProject(
  { files = {}, pictures = {} }: ProjectInit = {},
  { vite = 'vite' } = {},
): Promise<Project> {
  const project = await createProject({
    files: {
      'package.json': { name: 'outside', private: true, type: 'module' },
      'vite.config.js': VITE_CONFIG,
      'main.js': importing('./hero.png?meshy'),
      ...ourPackage(),
      ...files,
    },
    pictures: { 'hero.png': 'robot.png', ...pictures },
  })
  onTestFinished(() => project.remove())
  await mkdir(path.join(project.root, 'node_modules'), { recursive: true })
  await symlink(
    path.join(REPOSITORY, 'node_modules', vite),
    path.join(project.root, 'node_modules', 'vite'),
    'dir',
  )
  return project
}

/** A project that takes long to make: it is made once for a file of tests, and each test has a copy. */
export function copies(make: () => Promise<Project>): () => Promise<Project> {
  let kept: Promise<string> | undefined
  const keep = async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'meshy-kept-'))
    await cp((await make()).root, folder, { recursive: true, verbatimSymlinks: true })
    return folder
  }
  afterAll(async () => {
    if (kept) await rm(await kept, { recursive: true })
  })
  return async () => {
    const project = await createProject()
    onTestFinished(() => project.remove())
    await cp(await (kept ??= keep()), project.root, { recursive: true, verbatimSymlinks: true })
    return project
  }
}

/** Code that imports models and tells their URLs. */
export function importing(...specifiers: string[]): string {
  const lines = specifiers.map((specifier, i) => `import model${i} from ${JSON.stringify(specifier)}`)
  const names = specifiers.map((_, i) => `model${i}`)
  return `${lines.join('\n')}\nconsole.log(${names.join(', ')})\n`
}

/** Builds as `vite build` does, within this process; only its progress, which native code prints, is not told. */
export function viteBuild({ root }: Project, env: Record<string, string> = {}): Promise<Finished> {
  return within({ cwd: root, env }, () =>
    build({ logLevel: 'warn' }).then(
      () => 0,
      (error: unknown) => {
        console.error(error)
        return 1
      },
    ),
  )
}

/** What {@link viteBuild} leaves when it may pay, made within this process: for a test of what comes after it. */
export async function buildHere(
  { root }: Project,
  emulator: RunningEmulator,
  mode: Mode = 'generate',
): Promise<void> {
  const env = { ...emulated(emulator), CI: 'false', MESHY_MODE: mode }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  await build({ root, logLevel: 'silent' })
}

/** Makes models as a build does, but within this process: where they are only what a command finds. */
export async function makeModels(
  { root }: Project,
  service: RunningEmulator,
  ...specifiers: string[]
): Promise<void> {
  const { load } = await openRun({ root, service })
  await Promise.all(specifiers.map((specifier) => load(specifier)))
}

/** A block of a lockfile, as far as tests read it. */
export interface LockedModel {
  image: string
  source: string
  request: object
  files: Record<string, { sha256: string; bytes: number }>
  facts: { triangles: number; bounds: { size: number[] } }
  task?: { id: string; credits: number }
}

/** The blocks of a project's lockfile by the names of their images. */
export async function readPins({ root }: Project): Promise<Record<string, LockedModel & { key: string }>> {
  const { models } = JSON.parse(await readLockfile({ root })) as { models: Record<string, LockedModel> }
  return Object.fromEntries(Object.entries(models).map(([key, model]) => [model.image, { key, ...model }]))
}

export function readLockfile({ root }: Pick<Project, 'root'>): Promise<string> {
  return readFile(path.join(root, 'meshy-lock.json'), 'utf8')
}

/** The file of a pinned model. */
export function blobOf({ root }: Project, { files }: LockedModel): string {
  const sha256 = files['glb']?.sha256 ?? ''
  return path.join(root, '.meshy', 'blobs', sha256.slice(0, 2), `${sha256}.glb`)
}

/** Another machine: the same sources, and of the cache what git would bring. */
export async function cloneOf(project: Project): Promise<Project> {
  const clone = await viteProject()
  const skipped = new Set([
    'node_modules',
    'dist',
    'entries',
    'journal',
    'out',
    'leases',
    'tmp',
    'state',
    'preview',
  ])
  await cp(project.root, clone.root, {
    recursive: true,
    filter: (source) => !skipped.has(path.basename(source)),
  })
  return clone
}

/** Path → bytes of every file of a folder. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [path.relative(folder, file), await readFile(file, 'base64')] as const),
    ),
  )
}

/** What a command printed as JSON. */
export function json<T = Record<string, unknown>>(text: string): T {
  return JSON.parse(text) as T
}

/** The error that a command told as JSON: its last line, below what else was said. */
export function jsonError({ stderr }: Finished): {
  code: string
  message: string
  details: Record<string, unknown>
} {
  return json(stderr.trim().split('\n').at(-1) ?? '')
}

function ourPackage(): Record<string, string | object> {
  const entry = JSON.stringify(COMPILED.vite)
  return {
    'node_modules/unplugin-meshy/package.json': {
      name: 'unplugin-meshy',
      type: 'module',
      exports: { './vite': './vite.js' },
    },
    'node_modules/unplugin-meshy/vite.js': `export { default } from ${entry}\n`,
  }
}
