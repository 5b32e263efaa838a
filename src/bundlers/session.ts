import type { Context } from '../pipeline/context.ts'
import { readConfig } from '../pipeline/config.ts'
import { readEnvironment } from '../pipeline/environment.ts'
import { consoleLogger, type Logger } from '../pipeline/logger.ts'
import { openContext } from '../pipeline/open.ts'
import { resolveOptions, type Options } from '../pipeline/options.ts'
import { Problems } from '../pipeline/problems.ts'
import { findProject } from '../pipeline/project.ts'

/** What a bundler tells of its run, before the first import. */
export interface Bundler {
  root: string
  /** Folder and mode of the `.env` files. */
  envDir: string
  envMode: string
  publicDir: string | undefined
  /** Whether it serves or watches. */
  live: boolean
  underTest: boolean
  logger: Logger
}

/** One instance of the plugin: what its bundler told, its imports, and the context, opened when it is first needed. */
export class Session {
  readonly problems = new Problems()
  bundler: Bundler = defaultBundler()
  /** A number that changes while the bundler finds modules. */
  activity: () => number = () => 0
  /** Whether a run in `plan` only lists: somebody else shows its rows and ends the build. */
  listOnly = false
  /** The options that were given in code. */
  readonly inline: Options
  #context: Promise<Context> | undefined

  constructor(inline: Options) {
    this.inline = inline
  }

  context(): Promise<Context> {
    this.#context ??= this.#open()
    return this.#context
  }

  async #open(): Promise<Context> {
    const { root, envDir, envMode, live, underTest, logger } = this.bundler
    const project = findProject(root)
    const env = readEnvironment(envDir, envMode, process.env)
    const options = resolveOptions(this.inline, await readConfig(project), {
      root,
      project,
      env,
      live,
      underTest,
    })
    return openContext({ options, env, live, logger, activity: () => this.activity() })
  }
}

function defaultBundler(): Bundler {
  const root = process.cwd()
  const envMode = process.env['NODE_ENV'] ?? 'production'
  return {
    root,
    envDir: root,
    envMode,
    publicDir: undefined,
    live: false,
    underTest: false,
    logger: consoleLogger,
  }
}
