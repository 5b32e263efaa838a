import { commandedOptions, findCommanded, Part } from './commanded.ts'
import { readConfig } from './config.ts'
import type { WaysToAgree } from './live/consent.ts'
import type { Context } from './context.ts'
import { readEnvironment } from './environment.ts'
import type { Logger } from './telling/logger.ts'
import { openContext } from './open.ts'
import { resolveOptions, type Options } from './options.ts'
import { findProject } from './project.ts'

/** What a bundler or a command tells of its run. */
export interface ProjectRun {
  /** Absolute root of the bundler's project. */
  root: string
  /** Folder and mode of the `.env` files. */
  envDir: string
  envMode: string
  /** Whether it serves or watches. */
  live: boolean
  underTest: boolean
  logger: Logger
  /** How the developer can say yes to a price. */
  waysToAgree?: WaysToAgree | undefined
}

export interface OpenProjectOptions {
  /** The options that were given in code. */
  inline: Options
  /** A number that changes while the bundler finds modules. */
  activity: () => number
  /** Whether the run is bound to fail for another import, so that nothing more should be paid. */
  isDoomed?: (() => boolean) | undefined
  signal?: AbortSignal | undefined
}

/**
 * Reads the options of a project from everywhere they may stand, and opens a run with them.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID, and what directives throw
 */
export async function openProject(
  run: ProjectRun,
  { inline, activity, isDoomed, signal }: OpenProjectOptions,
): Promise<Context> {
  const { root, live, underTest, logger, waysToAgree } = run
  const project = findProject(root)
  const env = readEnvironment(run.envDir, run.envMode, process.env)
  const options = resolveOptions(inline, await readConfig(project), { root, project, env, live, underTest })
  const commanded = findCommanded(root, process.env)
  const part = commanded && new Part(commanded)
  return openContext({
    options: commanded ? commandedOptions(commanded, options) : options,
    part,
    env,
    live,
    logger,
    activity,
    isDoomed,
    signal,
    waysToAgree,
  })
}
