import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import { compileSources } from '../support/compiled.ts'
import {
  createProject,
  REPOSITORY,
  runNode,
  type Finished,
  type Project,
  type ProjectInit,
} from '../support/project.ts'

const compiled = await compileSources()

/** The command line, for Node. */
export const CLI = compiled.cli

export interface CliOptions {
  cwd?: string
  env?: Record<string, string>
}

/** Runs the command line in a process of its own, as a user does. */
export function runCli(args: string[], { cwd = REPOSITORY, env = {} }: CliOptions = {}): Promise<Finished> {
  return runNode([CLI, ...args], { cwd, env })
}

/** An emulator for one test, so fast that nobody waits. */
export async function emulate(options: StartOptions = {}): Promise<RunningEmulator> {
  const emulator = await startEmulator({
    taskMs: 30,
    pendingMs: 5,
    requestsPerSecond: 10_000,
    models: 'card',
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

/** Code that imports models and tells their URLs. */
export function importing(...specifiers: string[]): string {
  const lines = specifiers.map((specifier, i) => `import model${i} from ${JSON.stringify(specifier)}`)
  const names = specifiers.map((_, i) => `model${i}`)
  return `${lines.join('\n')}\nconsole.log(${names.join(', ')})\n`
}

/** Builds with the project's own Vite in a process of its own, as `vite build` does. */
export function viteBuild({ root }: Project, env: Record<string, string> = {}): Promise<Finished> {
  return runNode(['node_modules/vite/bin/vite.js', 'build'], { cwd: root, env })
}

function ourPackage(): Record<string, string | object> {
  const entry = JSON.stringify(compiled.vite)
  return {
    'node_modules/unplugin-meshy/package.json': {
      name: 'unplugin-meshy',
      type: 'module',
      exports: { './vite': './vite.js' },
    },
    'node_modules/unplugin-meshy/vite.js': `export { default } from ${entry}\n`,
  }
}
