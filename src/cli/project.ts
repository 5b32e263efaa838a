import { statSync } from 'node:fs'
import path from 'node:path'
import type { ArgsDef } from 'citty'
import { MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import type { Logger } from '../system/logger.ts'
import { quoted } from '../system/format.ts'
import { openProject } from '../run/open-project.ts'
import { printError } from './print.ts'
import { ofTheProject, UsageError } from './failure.ts'
import { findPlugin, hasViteConfig, loadVite } from './vite-project.ts'
import type { Subject } from '../request/request.ts'
import { namesModel, readSubject } from './subject.ts'

/** Options of every command that works on a project. */
export const projectArgs = {
  cwd: {
    type: 'string',
    description: 'Folder to work in. Every path is relative to it.',
    valueHint: 'folder',
  },
  root: {
    type: 'string',
    description: 'Root of the bundler, where its config and `.env` are.',
    valueHint: 'folder',
  },
} as const satisfies ArgsDef

export interface ProjectArgs {
  cwd?: string | undefined
  root?: string | undefined
}

/** Where a command works. */
export interface Place {
  /** Absolute. */
  cwd: string
  /** Absolute. */
  root: string
}

/** Everything that is said besides results. */
export const stderrLogger: Logger = { info: printError, warn: printError, error: printError }

/** @throws {UsageError} if there is no such folder */
export function placeOf({ cwd = '.', root = '.' }: ProjectArgs): Place {
  const folder = existingFolder('cwd', path.resolve(cwd))
  return { cwd: folder, root: existingFolder('root', path.resolve(folder, root)) }
}

function existingFolder(option: string, folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  throw new UsageError(`\`--${option}\` is \`${folder}\`, which is not a folder.`)
}

/**
 * Opens the project that the bundler works on, with the same options: those in `vite.config` count as well, because a
 * key depends on defaults and presets, and everything depends on the cache folder.
 */
export async function openCommand(args: ProjectArgs): Promise<{ context: Context; place: Place }> {
  const place = placeOf(args)
  return { context: await openAsBundler(place.root), place }
}

async function openAsBundler(root: string): Promise<Context> {
  const [logger, envMode] = [stderrLogger, 'production']
  if (!hasViteConfig(root)) return openProject({ root, envDir: root, envMode, logger })
  const { resolveConfig } = await loadVite(root)
  const config = await ofTheProject(() =>
    resolveConfig({ root, logLevel: 'silent' }, 'build', envMode, envMode),
  )
  const run = { root: config.root, envDir: config.envDir, envMode: config.mode, logger }
  return openProject(run, { inline: findPlugin(config.plugins)?.options ?? {} })
}

/** Where a command looked, for people who expected it to find something. */
export function lookedIn({ ports: { options } }: Context): string {
  const places = [options.lockfile, options.cacheDir].filter((place) => place !== false)
  return quoted(places, ' and ')
}

/** What is true of every model of a project without a lockfile; undefined if there is one. */
export function whyNothingPinned({ ports: { options } }: Context): string | undefined {
  return options.lockfile === false
    ? 'Nothing is pinned, because the option `lockfile` is `false`.'
    : undefined
}

/** The lockfile of a project. @throws {MeshyError} MESHY_OPTIONS_INVALID if it has none */
export function lockfileOf({ ports: { options } }: Context): string {
  if (options.lockfile !== false) return options.lockfile
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: 'The option `lockfile` is `false`, so this project pins nothing.',
    hint: 'To pin models, remove the option.',
  })
}

/** The argument of commands that are about one model. */
export const modelArg = {
  type: 'positional',
  description: 'An import as written in the code, such as "./hero.png?meshy&pbr", or the key of a model.',
  required: true,
} as const

/** Opens the project and finds the model that an argument names. */
export async function openModel(
  args: ProjectArgs,
  argument: string,
): Promise<{ context: Context; subject: Subject }> {
  assertModelArgument(argument)
  const { context, place } = await openCommand(args)
  return { context, subject: await readSubject(context, argument, place.cwd) }
}

/** @throws {UsageError} */
export function assertModelArgument(argument: string): void {
  if (namesModel(argument)) return
  throw new UsageError(
    `\`${argument}\` does not name a model; expected an import such as "./hero.png?meshy&pbr" (in quotes), or a key.`,
  )
}
