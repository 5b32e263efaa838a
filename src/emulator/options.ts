import { systemClock, type Clock } from '../system/clock.ts'
import { chooseMaker, type ModelKind } from './make-models.ts'
import type { FaultRule } from './fault.ts'
import type { ModelMaker } from './model-maker.ts'

/** Fetches an image that a task names by URL, or returns `undefined` if it cannot be reached. */
export type LoadImage = (url: string) => Promise<Uint8Array | undefined>

/** `reference`: only what the reference lists. `current`: also what came later. */
export type Profile = 'reference' | 'current'

export interface EmulatorOptions {
  /**
   * Which version of the service to emulate.
   *
   * `reference` has no balance, echoes no `name`, reports no consumed credits, and ignores later parameters as unknown.
   *
   * @default 'current'
   */
  profile?: Profile | undefined
  /** The only key that is accepted. @default 'msy_emulator_api_key_that_costs_nothing_01' */
  apiKey?: string | undefined
  /** Credits of the account. @default 100000 */
  credits?: number | undefined
  /** Milliseconds of work for each task. @default 200 */
  taskMs?: number | undefined
  /** Minimum time in milliseconds that a task waits before it starts. @default 20 */
  pendingMs?: number | undefined
  /** Tasks that may wait or run at the same time; one more is refused with 429. @default 10 */
  slots?: number | undefined
  /** Tasks that run at the same time. @default `slots` */
  workers?: number | undefined
  /** Requests in any second; one more is refused with 429. @default 20 */
  requestsPerSecond?: number | undefined
  /** Whether the 429 for too many requests carries `Retry-After`. @default true, in `reference` false */
  retryAfter?: boolean | undefined
  /** Milliseconds for which a finished task and its files are kept. @default three days */
  retentionMs?: number | undefined
  /** Milliseconds for which a signed URL works. @default one hour */
  urlMs?: number | undefined
  /** Milliseconds after which a running stream repeats its last event. @default 10000 */
  keepAliveMs?: number | undefined
  /** Whether the server ends a stream after the last event. The service does not promise it. @default false */
  closeStreams?: boolean | undefined
  /** Milliseconds by which the server's clock is ahead of the real one. @default 0 */
  clockSkewMs?: number | undefined
  /** The faults to play. @default none */
  faults?: FaultRule[] | undefined
  /** Fetches images that tasks name by URL. @default none can be reached */
  loadImage?: LoadImage | undefined
  /** Meshes take a moment each and need `sharp` and `meshoptimizer`; cards take a millisecond. @default 'mesh' */
  models?: ModelKind | undefined
  /** Makes the models instead of what `models` says. */
  maker?: ModelMaker | undefined
  /** Origin under which the files are served; must differ from the API's. @default 'https://assets.emulator.invalid' */
  assetsUrl?: string | undefined
  /** Time. @default the system's */
  clock?: Clock | undefined
}

export type ResolvedEmulatorOptions = {
  [K in keyof EmulatorOptions]-?: Exclude<EmulatorOptions[K], undefined>
}

const THREE_DAYS = 3 * 24 * 60 * 60 * 1000
const ONE_HOUR = 60 * 60 * 1000

const DEFAULTS = {
  profile: 'current',
  apiKey: 'msy_emulator_api_key_that_costs_nothing_01',
  credits: 100_000,
  taskMs: 200,
  pendingMs: 20,
  slots: 10,
  requestsPerSecond: 20,
  retentionMs: THREE_DAYS,
  urlMs: ONE_HOUR,
  keepAliveMs: 10_000,
  closeStreams: false,
  models: 'mesh',
  clockSkewMs: 0,
  assetsUrl: 'https://assets.emulator.invalid',
} satisfies Partial<EmulatorOptions>

export function resolveEmulatorOptions(options: EmulatorOptions): ResolvedEmulatorOptions {
  const given = withoutUndefined(options)
  const clock = options.clock ?? systemClock
  const skew = options.clockSkewMs ?? 0
  return {
    ...DEFAULTS,
    workers: options.slots ?? DEFAULTS.slots,
    retryAfter: options.profile !== 'reference',
    faults: [],
    loadImage: unreachable,
    maker: chooseMaker(options.models ?? DEFAULTS.models),
    ...given,
    clock: { now: () => clock.now() + skew, sleep: (ms, signal) => clock.sleep(ms, signal) },
  }
}

function withoutUndefined<T extends object>(
  options: T,
): Partial<{ [K in keyof T]-?: Exclude<T[K], undefined> }> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  // Object.entries loses which keys belong to which values.
  return Object.fromEntries(entries) as Partial<{ [K in keyof T]-?: Exclude<T[K], undefined> }>
}

function unreachable(): Promise<undefined> {
  return Promise.resolve(undefined)
}
