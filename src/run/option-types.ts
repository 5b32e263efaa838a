import type { ModelTransform } from '../derive/transform-model.ts'
import type { Mode } from '../finding/modes.ts'
import type { DirectiveObject } from '../request/directives.ts'
import type { TeamStoreSettings } from '../store/shared/open-team-store.ts'
import type { Project } from './project.ts'
import type { Environment } from '../system/process.ts'

/** Options of the plugin. They may also be set in `meshy.config.ts`; values given in code take precedence. */
export interface Options {
  /** Meshy API key. @default MESHY_API_KEY, also from `.env` files */
  apiKey?: string | undefined
  /** Origin of the API: https, or loopback for an emulator. @default MESHY_BASE_URL ?? 'https://api.meshy.ai' */
  baseUrl?: string | undefined
  /** Whether the API is an emulator, whose models never mix with real ones. @default true for a loopback `baseUrl` */
  emulated?: boolean | undefined
  /** What to do with models that are not ready. MESHY_MODE overrides it. @default depends on the run */
  mode?: Mode | undefined
  /** Maximum credits that one run may spend, reserved before each request. MESHY_MAX_CREDITS overrides it. @default 300 */
  maxCredits?: number | undefined
  /** The cache folder, relative to the project. Not in `node_modules`, which `npm ci` deletes. @default '.meshy' */
  cacheDir?: string | undefined
  /** The file that pins every model, relative to the project. `false` turns it off. @default 'meshy-lock.json' */
  lockfile?: string | false | undefined
  /** Maximum number of concurrent tasks. An account shares its queue with other people and machines. @default 8 */
  concurrency?: number | undefined
  /** Maximum number of API requests per second, evenly spaced. @default 18 */
  requestsPerSecond?: number | undefined
  /** Milliseconds after which an unfinished task is an error. The task can still be resumed. @default 1_200_000 */
  taskTimeout?: number | undefined
  /** Directives for every import, or a function of the absolute image path. An import's own directives take precedence. */
  defaults?: DirectiveObject | ((file: string) => DirectiveObject) | undefined
  /** Named sets of directives: `?meshy&preset=prop`. */
  presets?: Record<string, DirectiveObject> | undefined
  /** Packages in `node_modules` whose imports may spend credits. Pinned models are available to every package. @default [] */
  allow?: string[] | undefined
  /** Custom steps for every model: glTF-Transform functions that run before the steps of directives. Free. */
  transforms?: ModelTransform[] | undefined
  /** Maximum size of an emitted GLB, in bytes. An import can override it with `max-bytes`. */
  maxBytes?: number | undefined
  /** Maximum number of triangles in an emitted GLB. An import can override it with `max-triangles`. */
  maxTriangles?: number | undefined
  /** Whether a model over `maxBytes` or `maxTriangles` is a warning or an error. @default 'warn' */
  oversize?: 'warn' | 'error' | undefined
  /** Prefix of URLs in Rollup and Rolldown, which have no such option. @default relative to the importing file */
  publicPath?: string | undefined
  /**
   * Whether esbuild is watching, so that nobody should wait; esbuild does not tell plugins. Only read from code.
   * @default true if the command line has `--watch` or `--serve`, and from the second build of a context on
   */
  live?: boolean | undefined
  /**
   * `copy` copies files from the cache to the output at the end of a Vite, Rollup or Rolldown build, without loading them
   * into the bundler's memory; other plugins can neither see nor change them. Elsewhere, and in dev, it acts like `asset`.
   * @default 'asset'
   */
  emit?: 'asset' | 'copy' | undefined
  /**
   * The file with the types of every query seen, relative to the root. `false` turns it off. Never written in `frozen`.
   * @default 'meshy-env.d.ts' where the nearest `tsconfig.json` includes it; off if there is none
   */
  dts?: string | false | undefined
  /** Whether Vite's dev server has a page about its models, at `/__meshy/`. @default true */
  inspector?: boolean | undefined
  /**
   * The folder of models that all projects of this user share, relative to the project. `false` turns it off.
   * @default MESHY_MACHINE_STORE ?? the user's cache folder
   */
  machineStore?: string | false | undefined
  /** Maximum size of the machine store, in bytes. @default MESHY_MACHINE_STORE_LIMIT ?? 5e9 */
  machineStoreLimit?: number | undefined
  /** Address where the team shares models, such as `s3://bucket/prefix`. @default MESHY_TEAM_STORE */
  teamStore?: string | undefined
}

type Given = { [Name in keyof Options]-?: Exclude<Options[Name], undefined> }
/** Options that have no default. */
type Undecided = 'maxBytes' | 'maxTriangles' | 'publicPath'

/** Options with every default filled in, and absolute paths; nothing reads the raw options after this. */
export interface ResolvedOptions
  extends Omit<Given, Undecided | 'apiKey' | 'live' | 'dts' | 'teamStore'>, Pick<Options, Undecided> {
  /** Absolute root of the bundler's project. */
  root: string
  /** Absolute folder that relative options are resolved against. */
  projectDir: string
  /** Absolute folder above which nothing belongs to the project. */
  workspace: string
  apiKey: string | undefined
  /** A variable that seems to be meant for the key but is not read. */
  misnamedKey?: string | undefined
  /** Whether the mode was set in code, config or environment; otherwise it follows from the run. */
  isModeChosen: boolean
  /** Undefined where there is no TypeScript. */
  dts: string | false | undefined
  /** Whether a CI service runs this. */
  isCi: boolean
  teamStore: TeamStoreSettings | undefined
}

/** What is known about a run before its options are resolved. */
export interface RunFacts {
  root: string
  project: Project
  env: Environment
  /** Whether the bundler is serving or watching, so that nobody should wait. */
  live: boolean
  /** Whether a test runner is driving the bundler. */
  underTest: boolean
}
