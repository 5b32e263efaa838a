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

/** What a bundler outside the Rollup family provides, for its adapter. */
export function nativeBuild<Framework extends NativeBuildContext['framework']>(
  native: NativeContext,
): Extract<NativeBuildContext, { framework: Framework }> {
  // Each adapter is called only by its own bundler.
  return native.getNativeBuildContext?.() as Extract<NativeBuildContext, { framework: Framework }>
}

/** What differs between bundlers. The hooks and the session use it, and know no bundler by name. */
export interface Adapter {
  /**
   * Takes over what the bundler says about its run, at the start of each build.
   *
   * @param input what the build starts from, if the bundler says so
   */
  start?(native: NativeContext, input: unknown): void
  /**
   * Takes over what the bundler knows at the end of a build.
   *
   * @param isWhole false if it failed, and may not have seen all modules
   */
  end?(native: NativeContext, isWhole: boolean): void
  /** A number that changes while the bundler finds modules. @default the imports of ours that it has shown */
  activity?(): number | undefined
  /** Whether the bundler already knows about an error of its own, in a module that is not ours. */
  hasFailed?(): boolean
  /** Whether any module still imports the one with this bundler ID; assumed if the bundler does not say. */
  isImported?(id: string): boolean
  /** Makes the next load of the module with this ID ask us again, without notifying a page. */
  forget?(id: string): void
  /** How the developer can approve now: a bundler may start to listen late. */
  waysToAgree?(): WaysToAgree
  /** The bundler's way from the path of a specifier to a file. */
  resolver(native: NativeContext): ResolvingContext
  moduleIds: ModuleIds
  urlOf(native: NativeContext, id: string): UrlOf
  /** For bundlers that collect errors themselves, and write their output before we could report any at the end. */
  tellsAtOnce?: true
  /** Watches a file that need not exist, for bundlers that distinguish missing files from others. */
  watchFile?(native: NativeContext, file: string): void
  /** Reports an error of a watched module, for bundlers that watch nothing of a hook that throws. */
  tell?(native: NativeContext, error: unknown): void
  /** Called for each loaded module; may return code to append to the module's own. */
  afterLoad?(native: NativeContext, loaded: Loaded): string | undefined | void
  /** Whether an import is requested by something other than a module, such as a visitor of a dev server. */
  isFromOutside?(importer: string | undefined): boolean
  /** The path that the bundler would cut off at a `#`, among those that an import of an image leads to. */
  cutsPath?(file: string): string | undefined
  /** The specifier as its author means it, if something else may have written it. */
  asMeant?(native: NativeContext, source: string, importer: string | undefined): Promise<string>
  /** Whether an import was created from an element that shows the image, so that no model is wanted. */
  isPicture?(source: string, importer: string | undefined): boolean
  /** For bundlers that keep module IDs across runs, so that an ID may be loaded before its import was seen. */
  remembersIds?: true
  /** For these: the module that imports the one that is being loaded, if the bundler still knows it. */
  importerOf?(native: NativeContext): string | undefined
  /** Further hooks, and those that only this bundler has. */
  hooks: Partial<UnpluginOptions>
}

/** The IDs of our modules as a bundler sees them; those of a run are `<absolute path>?meshy=<token>`. */
export interface ModuleIds {
  /** Which modules are ours to load. */
  pattern: RegExp
  toBundler(id: string): string
  fromBundler(id: string): string
}

/** The result of loading a module. */
export interface Loaded {
  /** As the bundler has it. */
  id: string
  code: string
  /** Unset if there is none: a failure, or a plan. */
  asset: Asset | undefined
  context: Context
}

/** Creates what serves the page about the models of a dev server. */
export type CreateInspector = (server: {
  context: Context
  /** Path of the server's root, with slashes around it. */
  base: string
  /** The host name that the user gave the server. */
  host?: string | undefined
  /** Whether the server's own pages may show the page in a frame. */
  isDocked?: (() => boolean) | undefined
}) => Promise<(request: IncomingMessage, response: ServerResponse, next: () => void) => void>

/** What an adapter works with. */
export interface AdapterParts {
  api: PluginApi
  /** Creates an instance of the Vite plugin with the same options, for a part of this run. */
  createWorkerInstance: () => unknown
  createInspector: CreateInspector
}

/** What programs and commands can ask of a plugin object: `plugin.api`. */
export interface PluginApi {
  /** The options that the plugin was given in code. */
  options: Options
  report(): Promise<{ models: ModelReport[] }>
  /** Takes out the rows that a run in `plan` has listed so far. */
  takePlan(): Promise<PlanRow[]>
  /**
   * The developer's approval: generates the models that need it, and returns their keys.
   *
   * @param keys only these; by default all whose price was shown
   */
  agree(keys?: Iterable<string>): Promise<string[]>
  /** Makes a run in `plan` end silently, for a caller that shows its rows. */
  listOnly(): void
}
