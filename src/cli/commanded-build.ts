import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import path from 'node:path'
import { type Commanded, COPY_PREFIX, partFiles, readPart, RUN_FILE, RUN_VARIABLE } from '../run/commanded.ts'
import { writePlanStandIn } from '../stand-in/stand-in-file.ts'
import type { ShownRow } from '../run/plan.ts'
import type { ModelReport } from '../run/reporting/report.ts'
import { movedOptions, copyProject, copyRootOf } from './project-copy.ts'
import { spawn } from 'node:child_process'
import { hasErrno, MeshyError } from '../system/errors.ts'
import { EXIT, UsageError } from './failure.ts'
import { printError } from './print.ts'

/** What all parts of a build reported, and how its command ended. */
export interface CommandedBuild {
  exitCode: number
  /** Whether any part of it has the plugin. */
  isSeen: boolean
  rows: ShownRow[]
  models: ModelReport[]
  spent: { image: string; key: string; credits: number }[]
}

/** Runs a command in a copy of the project, in `plan`. */
export async function planByCommand(command: readonly string[], cwd: string): Promise<CommandedBuild> {
  announce(command, ' in a copy of the project, which stays unchanged')
  return inFolder(async (folder) => {
    const of = copyRootOf(await realpath(cwd))
    const at = path.join(folder, 'copy', path.basename(of))
    await copyProject(of, at)
    const standIn = await writePlanStandIn(path.join(folder, 'model.glb'))
    await writeRun({ mode: 'plan', folder, copy: { of, at }, standIn })
    const place = path.join(at, path.relative(of, await realpath(cwd)))
    const { NODE_OPTIONS = '', ...env } = without(environmentOf('plan', folder, place), PLACES_OF_GIT)
    const options = movedOptions(NODE_OPTIONS, { of, at })
    return gather(folder, await runChild(command, { cwd: place, env: { ...env, NODE_OPTIONS: options } }))
  })
}

/**
 * Runs a command in the project itself, in `generate`.
 *
 * @param run.spent credits that were spent before: the limit is one for all of it
 */
export async function generateByCommand(
  command: readonly string[],
  { cwd, spent }: { cwd: string; spent: number },
): Promise<CommandedBuild> {
  announce(command)
  return inFolder(async (folder) => {
    await writeRun({ mode: 'generate', folder, spent })
    return gather(folder, await runChild(command, { cwd, env: environmentOf('generate', folder, cwd) }))
  })
}

/** Says what is run, so that nobody wonders. */
function announce(command: readonly string[], where = ''): void {
  printError(`meshy: running \`${command.join(' ')}\`${where}`)
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), COPY_PREFIX))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Variables in which package managers pass the folder of a project, which would lead out of its copy. */
const PLACES_OF_PACKAGES =
  /^(?:npm_(?:config_(?:local_prefix|prefix)|package_|lifecycle_)|INIT_CWD$|PROJECT_CWD$)/
/** Variables that tell a git hook where its repository is: a build inside it would write to that repository. */
const PLACES_OF_GIT =
  /^GIT_(?:DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES)$/

function environmentOf(mode: Commanded['mode'], folder: string, cwd: string): NodeJS.ProcessEnv {
  const kept = without(process.env, PLACES_OF_PACKAGES)
  return { ...kept, PWD: cwd, MESHY_MODE: mode, [RUN_VARIABLE]: folder }
}

function without(env: NodeJS.ProcessEnv, names: RegExp): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)))
}

async function writeRun(commanded: Commanded): Promise<void> {
  await writeFile(path.join(commanded.folder, RUN_FILE), JSON.stringify(commanded))
}

function gather(folder: string, exitCode: number): CommandedBuild {
  const lines = partFiles({ folder }).flatMap(readPart)
  return {
    exitCode,
    isSeen: lines.length > 0,
    rows: lines.flatMap((line) => ('row' in line ? line.row : [])),
    models: lines.flatMap((line) => ('model' in line ? line.model : [])),
    spent: lines.flatMap((line) => ('spent' in line ? line.spent : [])),
  }
}

/** Sent by Ctrl-C, a closed terminal and process managers. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const IS_WINDOWS = process.platform === 'win32'

/**
 * Runs a command of the user and returns its exit code, as a shell would report it. Its output goes to stderr: stdout
 * is for our results. Signals go to all of its processes, because shells and package managers do not always pass them
 * on.
 */
function runChild(
  [program = '', ...args]: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  // A single word with spaces is a line for a shell, and on Windows programs such as npm are shell scripts.
  const shell = IS_WINDOWS || (args.length === 0 && /\s/.test(program))
  const child = spawn(program, args, { cwd, env, shell, detached: !IS_WINDOWS, stdio: ['ignore', 2, 2] })
  const forward = (signal: NodeJS.Signals): void => {
    if (IS_WINDOWS || child.pid === undefined) child.kill(signal)
    else killGroup(child.pid, signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)))
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, forward)
  })
}

/** Why a program cannot be started, by the code of the system. */
const NOT_STARTED: Record<string, string> = {
  ENOENT: 'was not found',
  ENOTDIR: 'was not found',
  EACCES: 'is not executable',
  ENOEXEC: 'is not executable',
}

function notStarted(program: string, error: NodeJS.ErrnoException): Error {
  const why = NOT_STARTED[error.code ?? '']
  if (why === undefined) return error
  return new UsageError(
    `The command \`${program}\` ${why}; expected a build command after \`--\`, such as \`npm run build\`.`,
  )
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // It has just ended.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

/** Whether a build was seen to its end, so that it has no more models than it told. */
export function isWhole({ exitCode, isSeen }: CommandedBuild): boolean {
  return exitCode === EXIT.ok && isSeen
}

/** From here on, shells report that a program could not be started, or that a signal ended it. */
const NOT_ITS_OWN = 126

/** New queries are in no declaration yet, and many build scripts begin with a type check. */
function typesHint(exitCode: number): string {
  return exitCode < NOT_ITS_OWN
    ? ' If that was its type check, run `npx unplugin-meshy types` first, which declares new queries.'
    : ''
}

/**
 * The exit code of a build that a command ran: its own if it failed, otherwise `code`.
 *
 * @throws {MeshyError} MESHY_PLUGIN_UNSEEN if it succeeded, but no part of it has the plugin
 */
export function outcomeOf(
  { exitCode, isSeen }: CommandedBuild,
  command: readonly string[],
  code: number,
): number {
  const text = `\`${command.join(' ')}\``
  if (exitCode !== EXIT.ok) {
    const reached = isSeen
      ? '; there may be more models than it reached.'
      : ' before any bundler with the plugin ran, so nothing is known about its models. Fix what it reports above.'
    printError(`meshy: ${text} failed with exit code ${exitCode}${reached}${typesHint(exitCode)}`)
    return exitCode
  }
  if (isSeen) return code
  throw new MeshyError('MESHY_PLUGIN_UNSEEN', {
    message: `${text} succeeded, but no bundler that it ran has the plugin.`,
    hint: 'Add `unplugin-meshy` to the plugins of the build, pass the right command after `--`, or turn off the cache of the task runner.',
  })
}
