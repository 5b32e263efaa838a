import { statSync, existsSync } from 'node:fs'
import path from 'node:path'
import type { ArgsDef } from 'citty'
import { hasErrno, MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import type { Logger } from '../system/logger.ts'
import { quoted } from '../system/format.ts'
import { openProject } from '../run/open-project.ts'
import { printError } from './print.ts'
import { ofTheProject, UsageError } from './failure.ts'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type * as ViteModule from 'vite'
import type { ResolvedConfig, Logger as ViteLogger } from 'vite'
import type { PluginApi } from '../bundlers/adapter.ts'

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

/** One build of a user: its root, and what differs from Vite's defaults. */
export interface BuildChoice {
  /** Absolute. */
  root: string
  /** Absolute. */
  configFile?: string | undefined
  viteMode?: string | undefined
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
  return { context: await openAsBundler(place), place }
}

/** Opens the project of one build: another config or mode of it may have other options. */
export async function openAsBundler({
  root,
  configFile,
  viteMode = 'production',
}: BuildChoice): Promise<Context> {
  const [logger, envMode] = [stderrLogger, viteMode]
  if (!configFile && !hasViteConfig(root)) return openProject({ root, envDir: root, envMode, logger })
  const { resolveConfig } = await loadVite(root)
  const inline = { root, logLevel: 'silent', ...(configFile && { configFile }) } as const
  const config = await ofTheProject(() => resolveConfig(inline, 'build', envMode, 'production'))
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

/** In any version from 6 on: commands use what all of them have. */
type Vite = typeof ViteModule

const CONFIG_EXTENSIONS = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts']

/** The config file of a bundler or framework in a folder. */
export function findConfig(root: string, name: string): string | undefined {
  const files = CONFIG_EXTENSIONS.map((ext) => path.join(root, `${name}.config.${ext}`))
  return files.find((file) => existsSync(file))
}

export function hasViteConfig(root: string): boolean {
  return findConfig(root, 'vite') !== undefined
}

/**
 * The Vite of the user's project, in whatever version.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING
 */
export async function loadVite(root: string): Promise<Vite> {
  const file = findVite(root)
  if (file) return (await import(pathToFileURL(file).href)) as Vite
  throw new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${root}\` is not a Vite project: no package \`vite\` can be found from there.`,
    hint: 'Pass the project with `--root`. For other bundlers, `plan -- npm run build` lists the models, and `generate -- npm run build` generates them.',
  })
}

/** The API of our plugin object, among the plugins of a resolved config. */
export function findPlugin(plugins: ResolvedConfig['plugins']): PluginApi | undefined {
  const plugin = plugins.find(({ name }) => name === 'unplugin-meshy')
  // A plugin of this name is ours, in whatever version.
  return plugin?.api as PluginApi | undefined
}

/**
 * A Vite logger that only shows warnings and what the plugin says, on stderr: stdout is for results. Errors are thrown
 * as well, and reported where they are caught.
 */
export function quietLogger(logger: Logger): ViteLogger {
  const ours = (say: (text: string) => void) => (text: string) => {
    if (text.startsWith('meshy:')) say(text)
  }
  const warn = (text: string) => logger.warn(stripVTControlCharacters(text))
  return {
    hasWarned: false,
    info: ours(logger.info),
    warn,
    warnOnce: warn,
    error: ours(logger.error),
    clearScreen: () => {},
    hasErrorLogged: () => false,
  }
}

function findVite(root: string): string | undefined {
  try {
    const manifest = createRequire(path.join(root, 'noop.js')).resolve('vite/package.json')
    // `require.resolve('vite')` would be the CommonJS wrapper of older versions.
    return path.join(path.dirname(manifest), 'dist', 'node', 'index.js')
  } catch (error) {
    if (hasErrno(error, 'MODULE_NOT_FOUND')) return undefined
    throw error
  }
}
