import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NativeBuildContext, UnpluginBuildContext, UnpluginContext, UnpluginOptions } from 'unplugin'
import type { Asset } from '../run/asset.ts'
import type { Context, WaysToAgree } from '../run/context.ts'
import type { UrlOf } from './module.ts'
import type { ResolvingContext } from './resolve.ts'
import type { Options } from '../run/option-types.ts'
import type { PlanRow } from '../run/plan.ts'
import type { ModelReport } from '../run/reporting/report.ts'

/** What a hook gets as `this`; in the Rollup family it is the plugin context of the bundler. */
export type NativeContext = UnpluginBuildContext & Partial<UnpluginContext>

/** What a bundler of another family has of its own, for its adapter. */
export function nativeBuild<Framework extends NativeBuildContext['framework']>(
  native: NativeContext,
): Extract<NativeBuildContext, { framework: Framework }> {
  // Each adapter is called by its own bundler alone.
  return native.getNativeBuildContext?.() as Extract<NativeBuildContext, { framework: Framework }>
}

/** What differs between bundlers. The hooks and the session ask it, and know no bundler by name. */
export interface Adapter {
  /** Takes over what the bundler tells of its run, at the start of each build. */
  start?(native: NativeContext): void
  /** Takes over what the bundler knows when it has seen all modules of a build. */
  end?(native: NativeContext): void
  /** A number that changes while the bundler finds modules. @default the imports of ours that it has shown */
  activity?(): number | undefined
  /** Whether the bundler knows already of an error of its own, in a module that is none of ours. */
  hasFailed?(): boolean
  /** Whether any module still imports the one with this id of the bundler's; taken for granted where it does not tell. */
  isImported?(id: string): boolean
  /** Makes the next load of the module with this id ask us again, and tells no page. */
  forget?(id: string): void
  /** How the developer can say yes now: a bundler may begin to listen late. */
  waysToAgree?(): WaysToAgree
  /** The bundler's way from the path of a specifier to a file. */
  resolver(native: NativeContext): ResolvingContext
  moduleIds: ModuleIds
  urlOf(native: NativeContext, id: string): UrlOf
  /** For bundlers that collect errors themselves, and write their output before we could tell any at the end. */
  tellsAtOnce?: true
  /** Tells an error of a module that is watched, for bundlers that watch nothing of a hook that throws. */
  tell?(native: NativeContext, error: unknown): void
  /** Hears of each module that was loaded, and may return code that is to follow its own. */
  afterLoad?(native: NativeContext, loaded: Loaded): string | undefined | void
  /** Whether somebody other than a module asks for an import, such as a visitor of a dev server. */
  isFromOutside?(importer: string | undefined): boolean
  /** The path that the bundler would cut at a `#`, of those that an import of a picture leads to. */
  cutsPath?(file: string): string | undefined
  /** Whether an import was made of an element that shows the picture, so that no model is wanted. */
  isPicture?(source: string, importer: string | undefined): boolean
  /** For bundlers that keep the ids of modules over runs, so that an id may be loaded before its import was seen. */
  remembersIds?: true
  /** For these: the module that imports the one that is being loaded, where the bundler still knows it. */
  importerOf?(native: NativeContext): string | undefined
  /** Further hooks, and those that only this bundler has. */
  hooks: Partial<UnpluginOptions>
}

/** The ids of our modules as a bundler sees them; a run's are `<absolute path>?meshy=<token>`. */
export interface ModuleIds {
  /** Which modules are ours to load. */
  pattern: RegExp
  toBundler(id: string): string
  fromBundler(id: string): string
}

/** What came of a module. */
export interface Loaded {
  /** As the bundler has it. */
  id: string
  code: string
  /** Unset when there is none: a failure, or a plan. */
  asset: Asset | undefined
  context: Context
}

/** Makes what serves the page about the models of a dev server. */
export type CreateInspector = (server: {
  context: Context
  /** Path of the server's root, with slashes around it. */
  base: string
  /** The host name that the user gave the server. */
  host?: string | undefined
  /** Whether a frame of the server's own pages may hold the page. */
  isDocked?: (() => boolean) | undefined
}) => Promise<(request: IncomingMessage, response: ServerResponse, next: () => void) => void>

/** What an adapter works with. */
export interface AdapterParts {
  api: PluginApi
  /** Makes an instance of the Vite plugin with the same options, for a part of this run. */
  createWorkerInstance: () => unknown
  createInspector: CreateInspector
}

/** What a finished build tells of its models. */
interface BuildReport {
  models: ModelReport[]
}

/** What programs and commands can ask of a plugin object: `plugin.api`. */
export interface PluginApi {
  /** The options that the plugin was given in code. */
  options: Options
  report(): Promise<BuildReport>
  /** Takes out the rows that a run in `plan` has listed so far. */
  takePlan(): Promise<PlanRow[]>
  /**
   * The developer's yes: generates the models that were asked for, and returns their keys.
   *
   * @param keys these alone; all by default
   */
  agree(keys?: Iterable<string>): Promise<string[]>
  /** Makes a run in `plan` end without words, for whoever shows its rows. */
  listOnly(): void
}
