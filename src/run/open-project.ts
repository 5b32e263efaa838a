import { commandedOptions, findCommanded, Part } from './commanded.ts'
import { readConfig } from './config.ts'
import type { Context } from './context.ts'
import { readEnvironment, type Environment } from './environment.ts'
import { assertKeyHidden } from './exposed-key.ts'
import type { Logger } from '../system/logger.ts'
import { openContext } from './open.ts'
import type { Run, WaysToAgree } from './run.ts'
import { resolveOptions } from './options.ts'
import { modeOfProcess } from './process-state.ts'
import type { Options } from './option-types.ts'
import { findProject } from './project.ts'

/** What a bundler or a command tells of its run. */
export interface ProjectRun {
  /** Absolute root of the bundler's project. */
  root: string
  /** Folder of the `.env` files, besides that of the project; false to read none at all. */
  envDir: string | false
  /** Mode of the `.env` files. */
  envMode: string
  /** Whether it serves or watches. */
  live: boolean
  underTest: boolean
  /** Variables that the bundler puts into the code of pages. */
  published?: Environment | undefined
  logger: Logger
  borders?: Run['borders']
}

export interface OpenProjectOptions {
  /** The options that were given in code. */
  inline: Options
  /** A number that changes while the bundler finds modules. */
  activity: () => number
  /** Whether the run is bound to fail for another import, so that nothing more should be paid. */
  hasFailed?: (() => boolean) | undefined
  signal?: AbortSignal | undefined
  /** How the developer can say yes to a price. */
  waysToAgree?: (() => WaysToAgree) | undefined
}

/**
 * Reads the options of a project from everywhere they may stand, and opens a run with them.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID, MESHY_KEY_EXPOSED, and what directives throw
 */
export async function openProject(
  run: ProjectRun,
  { inline, activity, hasFailed, signal, waysToAgree }: OpenProjectOptions,
): Promise<Context> {
  const { root, live, underTest, logger } = run
  const project = findProject(root)
  const folders = run.envDir === false ? [] : [...new Set([run.envDir, project.dir])]
  const said = readEnvironment(folders, run.envMode, process.env)
  const mode = modeOfProcess()
  const env = mode === undefined ? said : { ...said, MESHY_MODE: mode }
  const options = resolveOptions(inline, await readConfig(project), { root, project, env, live, underTest })
  const commanded = findCommanded(root, process.env)
  const part = commanded && new Part(commanded)
  const context = await openContext({
    options: commanded ? commandedOptions(commanded, options) : options,
    part,
    env,
    envFolders: folders,
    borders: run.borders,
    live,
    logger,
    activity,
    hasFailed,
    signal,
    waysToAgree,
  })
  assertKeyHidden(context.ports, run.published ?? {}, { isKept: !live && !underTest })
  return context
}
