import { formatThrown, MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import { fetchAhead } from '../finding/fetch-ahead.ts'
import { consoleLogger } from '../system/logger.ts'
import { openProject, type ProjectRun } from '../run/open-project.ts'
import type { Options } from '../run/option-types.ts'
import { findUnread } from '../run/project.ts'
import { Problems } from '../run/reporting/problems.ts'
import type { Adapter } from './adapter.ts'
import { toBundlerError } from './bundler-error.ts'

/** What a bundler says about its run, before the first import. */
interface Bundler extends ProjectRun {
  live: boolean
  underTest: boolean
  publicDir: string | undefined
}

/**
 * One instance of the plugin: what its bundler said, its imports, and the context, which is opened when it is first
 * needed.
 */
export class Session {
  #problems = new Problems()
  /** What differs between bundlers. */
  readonly adapter: Adapter
  /** The options that were given in code. */
  readonly inline: Options
  /** The run that this is a part of, as a worker's build is part of the surrounding one. They share one context. */
  readonly parent: Session | undefined
  readonly #parts = new Set<Session>()
  #bundler = defaultBundler()
  #seenImports = 0
  #listsOnly = false
  #context: Promise<Context> | undefined
  #isOpen = false
  #builds = 0
  /** Of the run that the context belongs to. */
  #fate = { isFailed: false }

  constructor(inline: Options, parent: Session | undefined, createAdapter: (session: Session) => Adapter) {
    this.inline = inline
    this.parent = parent
    if (parent) parent.#parts.add(this)
    this.adapter = createAdapter(this)
  }

  /** Of the current run. */
  get problems(): Problems {
    return this.#problems
  }

  get bundler(): Readonly<Bundler> {
    return this.#bundler
  }

  /** Counts an import of ours that the bundler has shown. */
  countImport(): void {
    this.#seenImports++
  }

  /** A run in `plan` only lists from now on: the caller shows its rows and ends the build. */
  listOnly(): void {
    this.#listsOnly = true
  }

  get listsOnly(): boolean {
    return this.#listsOnly
  }

  /** Whether the context could be opened; it cannot with invalid options. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @throws an error that bundlers can show */
  context(): Promise<Context> {
    this.#context ??= this.parent ? this.#join(this.parent) : this.#open()
    return this.#context
  }

  /** Whether the bundler already knows about an error of its own. */
  hasFailed(): boolean {
    return this.adapter.hasFailed?.() ?? false
  }

  /**
   * A build has failed: nothing that its modules still wait for is paid for. A watcher waits for the next edit; and
   * nobody knows which modules belong to another build that is not over.
   */
  fail(): void {
    if (!this.#bundler.live && this.#builds <= 1) this.#fate.isFailed = true
  }

  /** The server or watcher has closed; work in progress continues. */
  close(): void {
    void this.#context?.then(({ stopWatching }) => stopWatching(), ignoreUnopened)
  }

  /** Ends a part: another one is created for the next build. */
  leave(): void {
    if (this.parent) this.parent.#parts.delete(this)
  }

  /**
   * Takes over what a bundler says. A plugin object that is reused for another kind of run starts over: frameworks
   * serve for a moment before they build, and esbuild does not say at first that it is watching.
   *
   * @throws an error that bundlers can show, if a different build uses the plugin object now
   */
  adopt(told: Partial<Bundler>): void {
    this.#take(told, this.#builds)
  }

  /** The same at the start of a build, which lasts until {@link finish}. */
  begin(told: Partial<Bundler>): void {
    if (this.#builds === 0 && this.#fate.isFailed) this.#outlive()
    this.#take(told, this.#builds++)
  }

  /** Called once for each {@link begin}, also if that has failed. */
  finish(): void {
    if (this.#builds > 0) this.#builds--
  }

  get isBuilding(): boolean {
    return this.#builds > 0
  }

  #take(told: Partial<Bundler>, otherBuilds: number): void {
    const before = this.#bundler
    const now = { ...before, ...told }
    const isSame = now.root === before.root && now.envMode === before.envMode && now.live === before.live
    if (!isSame && otherBuilds > 0) throw toBundlerError(pluginShared(before, now), now.root)
    this.#bundler = now
    if (!isSame) this.#startOver()
  }

  #startOver(): void {
    this.close()
    this.#context = undefined
    this.#isOpen = false
  }

  /** What still runs for a build that failed does not reach the next one. */
  #outlive(): void {
    this.#startOver()
    this.#problems = new Problems()
    this.#fate = { isFailed: false }
  }

  /** A build starts by fetching what it will need; a server does not wait for that. */
  async #fetchAhead(context: Context): Promise<void> {
    const fetching = fetchAhead(context.ports)
    if (!this.bundler.live) await fetching
    else fetching.catch((error: unknown) => context.ports.reporter.logger.warn(formatThrown(error)))
  }

  #activity(): number {
    return this.adapter.activity?.() ?? this.#seenImports
  }

  /** In a watching run, the next edit fixes an error of another module. */
  #isBoundToFail(): boolean {
    return this.problems.size > 0 || (!this.bundler.live && this.hasFailed())
  }

  #all(): Session[] {
    return [this, ...this.#parts]
  }

  async #join(parent: Session): Promise<Context> {
    const context = await parent.context()
    this.#isOpen = true
    return context
  }

  async #open(): Promise<Context> {
    const fate = this.#fate
    try {
      const context = await openProject(this.bundler, {
        inline: this.inline,
        waysToAgree: () => this.adapter.waysToAgree?.() ?? {},
        activity: () => this.#all().reduce((sum, session) => sum + session.#activity(), 0),
        hasFailed: () => fate.isFailed || this.#all().some((session) => session.#isBoundToFail()),
      })
      this.#isOpen = true
      tellUnread(context)
      await this.#fetchAhead(context)
      return context
    } catch (error) {
      throw toBundlerError(error, this.bundler.root)
    }
  }
}

/** Otherwise a build in a container would silently pay for what is pinned in a folder above. */
function tellUnread({ ports: { options, reporter } }: Context): void {
  const unread = findUnread(options.workspace)
  if (unread === undefined) return
  reporter.notices.once(
    `\`${unread}\` is not read, because the workspace ends at \`${options.workspace}\`. If it belongs to this project, ` +
      'also copy what marks the folder as the root of a workspace (docs/ci.md, "Containers")',
  )
}

/** The run of a build cannot become that of another one in the middle of it. */
function pluginShared(running: Bundler, other: Bundler): MeshyError {
  const nameOf = ({ root, envMode, live }: Bundler) => `\`${root}\` (${envMode}${live ? ', watching' : ''})`
  return new MeshyError('MESHY_PLUGIN_SHARED', {
    message:
      `A build of ${nameOf(other)} uses the same plugin object as a build of ${nameOf(running)} that is not over yet; ` +
      'expected one object for each.',
    hint: 'Call `meshy()` anew for each build, or wait for the other build to end.',
    details: { running: running.root, other: other.root },
  })
}

/** A run that could not be opened has said why, and watches nothing. */
function ignoreUnopened(): void {}

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
