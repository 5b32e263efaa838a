import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const PICTURES = path.join(REPOSITORY, 'playground', 'images')

export interface ProjectInit {
  /** Path in the project → text, or a value that is written as JSON. */
  files?: Record<string, string | object>
  /** Path in the project → file name of one of the playground's pictures. */
  pictures?: Record<string, string>
}

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Variables besides those that {@link Project.run} keeps. */
  env?: Record<string, string>
}

/** A folder outside of the repository, as a user has one. */
export interface Project {
  root: string
  write(files: NonNullable<ProjectInit['files']>): Promise<void>
  /** Runs a program there. Variables of this run that would decide something (`CI`, `MESHY_*`, …) are not passed on. */
  run(command: string, args: string[], options?: RunOptions): Promise<Finished>
  remove(): Promise<void>
}

/** Makes a project in a temporary folder. */
export async function createProject(init: ProjectInit = {}): Promise<Project> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'meshy-project-')))
  const project: Project = {
    root,
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        const file = await prepare(root, name)
        await writeFile(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
      }
    },
    run: (command, args, options = {}) => runIn(root, [command, ...args], options),
    // What a run still writes when its bundler is closed may come in between.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10 }),
  }
  await project.write(init.files ?? {})
  for (const [name, picture] of Object.entries(init.pictures ?? {})) {
    await copyFile(path.join(PICTURES, picture), await prepare(root, name))
  }
  return project
}

/** The result of a program that is not supposed to fail. */
export async function mustSucceed(running: Promise<Finished>): Promise<Finished> {
  const finished = await running
  if (finished.code === 0) return finished
  throw new Error(`Exit code ${finished.code}:\n${finished.stdout}\n${finished.stderr}`)
}

async function prepare(root: string, name: string): Promise<string> {
  const file = path.join(root, name)
  await mkdir(path.dirname(file), { recursive: true })
  return file
}

/** For what talks to this machine alone: to read the certificates of others takes as long as to start Node. */
export const ON_THIS_MACHINE = { NODE_EXTRA_CA_CERTS: '' }

/** Runs a Node program, wherever it is, in the environment that {@link Project.run} gives. */
export function runNode(args: string[], options: RunOptions & { cwd: string }): Promise<Finished> {
  return runIn(options.cwd, [process.execPath, ...args], options)
}

function runIn(cwd: string, [command = '', ...args]: string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const own = command === process.execPath ? ON_THIS_MACHINE : {}
    const child = spawn(command, args, { cwd, env: { ...neutralEnvironment(), ...own, ...options.env } })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...output }))
  })
}

/** Without variables of this run that would decide something. */
export function neutralEnvironment(): NodeJS.ProcessEnv {
  const decides = /^(CI|NODE_ENV|VITEST.*|VITE_.*|MESHY_.*|npm_.*|FORCE_COLOR)$/
  const kept = Object.entries(process.env).filter(
    ([name]) => !decides.test(name) || name.startsWith('npm_config_'),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1', MESHY_MACHINE_STORE: 'false' }
}
