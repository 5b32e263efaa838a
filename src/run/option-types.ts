import type { ModelTransform } from '../derive/transform-model.ts'
import type { Mode } from '../finding/modes.ts'
import type { DirectiveObject } from '../request/directives.ts'
import type { TeamStoreSettings } from '../store/shared/open-team-store.ts'
import type { Environment } from './environment.ts'
import type { Project } from './project.ts'

/** Options of the plugin. Each may also stand in `meshy.config.ts`; what is given in code wins. */
export interface Options {
  /** Key of the Meshy API. @default MESHY_API_KEY, also from `.env` files */
  apiKey?: string | undefined
  /** Origin of the API: https, or loopback for an emulator. @default MESHY_BASE_URL ?? 'https://api.meshy.ai' */
  baseUrl?: string | undefined
  /** Whether the API is an emulator, whose models never mix with real ones. @default true for a loopback `baseUrl` */
  emulated?: boolean | undefined
  /** What to do with models that are not at hand. MESHY_MODE wins over it. @default depends on the run */
  mode?: Mode | undefined
  /** Credits that one run may spend; reserved before each request. MESHY_MAX_CREDITS wins over it. @default 300 */
  maxCredits?: number | undefined
  /** Folder of the cache, relative to the project. @default '.meshy' */
  cacheDir?: string | undefined
  /** File that pins every model, relative to the project; `false` turns it off. @default 'meshy-lock.json' */
  lockfile?: string | false | undefined
  /** Tasks at once. The queue of an account is shared with people and other machines. @default 8 */
  concurrency?: number | undefined
  /** Requests to the API in a second, evenly spaced. @default 18 */
  requestsPerSecond?: number | undefined
  /** Milliseconds after which a task that is not finished is an error; it stays resumable. @default 1_200_000 */
  taskTimeout?: number | undefined
  /** Directives for every import, or a function of the absolute image path. An import's own directives win. */
  defaults?: DirectiveObject | ((file: string) => DirectiveObject) | undefined
  /** Named bundles of directives: `?meshy&preset=prop`. */
  presets?: Record<string, DirectiveObject> | undefined
  /** Names of packages in `node_modules` whose imports may spend. What is pinned is there for all. @default [] */
  allow?: string[] | undefined
  /** Steps of your own for every model: functions of glTF-Transform, before those of directives. Free. */
  transforms?: ModelTransform[] | undefined
  /** Bytes that an emitted GLB may have; an import may say otherwise by `max-bytes`. */
  maxBytes?: number | undefined
  /** Triangles that an emitted GLB may have; an import may say otherwise by `max-triangles`. */
  maxTriangles?: number | undefined
  /** What a model over `maxBytes` or `maxTriangles` is. @default 'warn' */
  oversize?: 'warn' | 'error' | undefined
  /** What URLs begin with in Rollup and Rolldown, which have no option for it. @default relative to the importing file */
  publicPath?: string | undefined
  /**
   * Whether esbuild watches, so that nobody should wait: it does not tell. Read in code alone.
   * @default whether the command line has `--watch` or `--serve`; and from the second build of a context on
   */
  live?: boolean | undefined
  /**
   * `copy`: files go from the cache to the output without the bundler's memory, at the end of a build by Vite, Rollup or
   * Rolldown. Other plugins neither see nor change them there. Elsewhere, and in dev, it is as `asset`.
   * @default 'asset'
   */
  emit?: 'asset' | 'copy' | undefined
  /**
   * File with the types of every query seen, relative to the root; `false` turns it off. Never written in `frozen`.
   * @default 'meshy-env.d.ts' where the nearest `tsconfig.json` includes it; nothing without one
   */
  dts?: string | false | undefined
  /** Whether the dev server of Vite has a page about its models, at `/__meshy/`. @default true */
  inspector?: boolean | undefined
  /**
   * Folder of models that all projects of this user share, relative to the project; `false` turns it off.
   * @default MESHY_MACHINE_STORE ?? the user's cache folder
   */
  machineStore?: string | false | undefined
  /** Bytes that the machine's store may hold. @default MESHY_MACHINE_STORE_LIMIT ?? 5e9 */
  machineStoreLimit?: number | undefined
  /** Where the team shares models, such as `s3://bucket/prefix`. @default MESHY_TEAM_STORE */
  teamStore?: string | undefined
}

/** Options with every default filled in; nobody reads raw options after this. */
export interface ResolvedOptions {
  /** Absolute root of the bundler's project. */
  root: string
  /** Absolute folder that relative options start from. */
  projectDir: string
  /** Absolute folder above which nothing is the project's. */
  workspace: string
  apiKey: string | undefined
  /** A variable that seems to be meant for the key, and is not read. */
  misnamedKey?: string | undefined
  baseUrl: string
  emulated: boolean
  mode: Mode
  /** Whether somebody chose the mode, in code, config or environment; else it follows from the run. */
  isModeChosen: boolean
  maxCredits: number
  cacheDir: string
  lockfile: string | false
  concurrency: number
  requestsPerSecond: number
  taskTimeout: number
  defaults: DirectiveObject | ((file: string) => DirectiveObject)
  presets: Record<string, DirectiveObject>
  allow: readonly string[]
  transforms: readonly ModelTransform[]
  maxBytes?: number | undefined
  maxTriangles?: number | undefined
  oversize: 'warn' | 'error'
  publicPath: string | undefined
  emit: 'asset' | 'copy'
  /** Absolute; undefined where there is no TypeScript. */
  dts: string | false | undefined
  inspector: boolean
  /** Whether a CI service runs this. */
  isCi: boolean
  /** Absolute. */
  machineStore: string | false
  machineStoreLimit: number
  teamStore: TeamStoreSettings | undefined
}

/** What is known of a run before its options are resolved. */
export interface RunFacts {
  root: string
  project: Project
  env: Environment
  /** Whether the bundler serves or watches, so that nobody should wait. */
  live: boolean
  /** Whether a test runner drives the bundler. */
  underTest: boolean
}
