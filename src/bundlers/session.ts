import type { Context } from '../pipeline/context.ts'
import { consoleLogger } from '../pipeline/telling/logger.ts'
import { openProject, type ProjectRun } from '../pipeline/open-project.ts'
import type { Options } from '../pipeline/options.ts'
import { Problems } from '../pipeline/telling/problems.ts'
import { presentable } from './present.ts'
import { PromptScrubber } from './scrub-maps.ts'

/** What a bundler tells of its run, before the first import. */
export interface Bundler extends ProjectRun {
  publicDir: string | undefined
}

/** One instance of the plugin: what its bundler told, its imports, and the context, opened when it is first needed. */
export class Session {
  readonly problems = new Problems()
  readonly prompts = new PromptScrubber()
  bundler: Bundler = defaultBundler()
  /** A number that changes while the bundler finds modules. */
  activity: () => number = () => this.sightings
  /** Imports of ours that the bundler has shown so far. */
  sightings = 0
  /** Whether any module still imports the one with this id of the bundler's. */
  isImported: (id: string) => boolean = () => true
  /** Makes the next load of the module with this id ask us again, and tells no page. Nothing where a bundler cannot. */
  forgetModule: (id: string) => void = () => {}
  /** Whether a run in `plan` only lists: somebody else shows its rows and ends the build. */
  listOnly = false
  /** The options that were given in code. */
  readonly inline: Options
  #context: Promise<Context> | undefined
  #isOpen = false

  constructor(inline: Options) {
    this.inline = inline
  }

  /** Whether the context could be opened: not so with options that are wrong. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @throws an error that bundlers can show */
  context(): Promise<Context> {
    this.#context ??= this.#open()
    return this.#context
  }

  /**
   * Takes over what a bundler tells. A plugin object that is used again for another kind of run starts anew: frameworks
   * serve for a moment before they build, and esbuild does not say at first that it watches.
   */
  adopt(bundler: Bundler): void {
    const { root, envMode, live } = this.bundler
    const isSame = bundler.root === root && bundler.envMode === envMode && bundler.live === live
    if (!isSame) this.#context = undefined
    this.bundler = bundler
  }

  async #open(): Promise<Context> {
    try {
      const context = await openProject(this.bundler, {
        inline: this.inline,
        activity: () => this.activity(),
        isDoomed: () => this.problems.size > 0,
      })
      this.#isOpen = true
      return context
    } catch (error) {
      throw presentable(error, this.bundler.root)
    }
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
