import PQueue from 'p-queue'
import { MeshyError } from '../system/errors.ts'
import { createDerivePool, type DerivePool } from '../derive/pool.ts'
import { createClient } from '../service/client.ts'
import { createPreviewPool, type PreviewPool } from '../stand-in/mesher/pool.ts'
import { createLimits } from '../service/limits/limits.ts'
import { createSchedule } from '../service/limits/schedule.ts'
import { createHasher, fingerprint } from '../request/fingerprint.ts'
import { createImageReader } from '../request/images.ts'
import { accountDigest } from '../store/journal.ts'
import { systemClock, type Clock } from '../system/clock.ts'
import { createDebugLog } from '../system/debug.ts'
import { createFetch } from '../system/fetch.ts'
import { createRedactor } from '../system/redact.ts'
import { decideBatch } from '../generate/admission.ts'
import { tellingJournal } from '../generate/on-its-way.ts'
import { Looks } from '../generate/recent-tasks.ts'
import { Batch } from '../generate/batch.ts'
import { Borders, type BordersInit } from './borders.ts'
import { Budget } from '../generate/budget.ts'
import { Consent, type WaysToAgree } from './live/consent.ts'
import type { Part } from './commanded.ts'
import { DeclaredFile, type DeclaredFileOptions } from './types/declared-file.ts'
import type { Api, Context } from './context.ts'
import type { Environment } from './environment.ts'
import { Derivations } from './live/derivations.ts'
import { SingleFlight } from '../system/single-flight.ts'
import { Imports } from './imports.ts'
import { Interrupt } from '../generate/interrupt.ts'
import { createLineProgress } from './reporting/lines.ts'
import { Live } from './live/live.ts'
import { stillAsked } from './live/still-asked.ts'
import { redactedLogger, type Logger } from '../system/logger.ts'
import { Needs } from '../generate/needs.ts'
import { Notices } from '../system/notices.ts'
import { teeProgress } from './reporting/observer.ts'
import type { ResolvedOptions } from './options.ts'
import { Report } from './reporting/report.ts'
import { openSharedStores } from '../store/shared/shared-stores.ts'
import { openStore } from '../store/open-store.ts'
import { TerminalProgress } from './reporting/terminal.ts'
import { WantedFiles } from '../generate/wanted.ts'

/** What a bundler or a command brings to a run. */
export interface Run {
  options: ResolvedOptions
  env: Environment
  /** Where `.env` files were looked for. */
  envFolders?: readonly string[]
  /** Whether the bundler serves or watches, so that nobody should wait. */
  live: boolean
  logger: Logger
  waysToAgree?: (() => WaysToAgree) | undefined
  /** A number that changes while the bundler finds modules. */
  activity: () => number
  /** Whether the run is bound to fail for another import, so that nothing more should be paid. */
  isDoomed?: (() => boolean) | undefined
  signal?: AbortSignal | undefined
  part?: Part | undefined
  /** What the bundler says of its own borders. */
  borders?: Pick<BordersInit, 'dependencyCache' | 'serves'> | undefined
  /** @default the system's */
  clock?: Clock | undefined
}

/** What all plugin instances of a process share for one cache folder. */
interface Shared {
  flights: SingleFlight
  budget: Budget
  wanted: WantedFiles
  live: Live
  apis: Map<string, Api>
  mesher: PreviewPool
  deriver: DerivePool
  declaring: PQueue
  /** Models that a sum has counted. */
  told: Set<string>
}

/**
 * The one mutable state of the module: bundlers make an instance of the plugin for each environment and each worker,
 * and these must not pay twice.
 */
const sharedByCache = new Map<string, Shared>()

/** Puts a run together. Nothing is read from or written to the cache yet, and no key is needed. */
export async function openContext(run: Run): Promise<Context> {
  const { options, activity, clock = systemClock } = run
  const hasher = await createHasher()
  const redact = createRedactor([options.apiKey])
  const terminal = await openTerminal(clock)
  const logger = redactedLogger(terminal ? terminal.above(run.logger) : run.logger, redact)
  const shared = sharedFor(options.cacheDir)
  const notices = new Notices(logger)
  const declared = openDeclared(run, { clock, turns: shared.declaring, ...declaredTelling(logger, notices) })
  const batch = new Batch(clock, (candidates) => decideBatch(context, candidates), activity)
  const store = openStore(options, hasher, clock)
  const sharing = openSharedStores({
    options,
    env: run.env,
    store,
    keyOf: (request) => fingerprint(request, hasher),
    clock,
    fetch: createFetch({ env: run.env }),
    warn: (text) => notices.once(text),
  })
  const context: Context = {
    options,
    store: { ...store, journal: tellingJournal(store.journal, { sharing, options }) },
    sharing,
    hasher,
    borders: new Borders({ ...run.borders, allow: options.allow, workspace: options.workspace }),
    readImage: createImageReader(hasher, store.notes),
    api: () => apiFor(shared, run, clock),
    batch,
    needs: new Needs(),
    budget: shared.budget,
    isDoomed: run.isDoomed ?? (() => false),
    flights: shared.flights,
    live: run.live ? shared.live : undefined,
    derivations: new Derivations(),
    consent: new Consent({
      clock,
      logger,
      ways: run.waysToAgree ?? (() => ({})),
      reread: (asked) => stillAsked(context, asked),
    }),
    interrupt: run.live ? undefined : new Interrupt(logger),
    imports: new Imports(hasher, (query) => declared?.add(query)),
    declared,
    wanted: shared.wanted,
    mesher: shared.mesher,
    deriver: shared.deriver,
    plan: [],
    part: run.part,
    report: new Report(shared.told),
    progress: teeProgress(terminal ?? createLineProgress(logger), () => context.observer),
    observer: undefined,
    notices,
    clock,
    serviceNow: () => shared.apis.get(idOfApi(options))?.client.serverNow() ?? clock.now(),
    logger,
    signal: run.signal ?? new AbortController().signal,
  }
  return context
}

function declaredTelling(logger: Logger, notices: Notices): Pick<DeclaredFileOptions, 'warn' | 'info'> {
  return { warn: (text) => notices.once(text), info: (text) => logger.info(`meshy: ${text}`) }
}

/** Runs that must change nothing write no types either. */
function openDeclared(
  { options, live }: Run,
  rest: Omit<DeclaredFileOptions, 'live'>,
): DeclaredFile | undefined {
  const { dts, mode } = options
  if (!dts || mode === 'frozen' || mode === 'plan') return undefined
  return new DeclaredFile(dts, { ...rest, live })
}

/** Loaded only where somebody watches: builds in CI and warm caches should not pay for it. */
async function openTerminal(clock: Clock): Promise<TerminalProgress | undefined> {
  if (!process.stderr.isTTY) return undefined
  const { createLogUpdate } = await import('log-update')
  return new TerminalProgress(createLogUpdate(process.stderr), clock)
}

function sharedFor(cacheDir: string): Shared {
  const known = sharedByCache.get(cacheDir)
  if (known) return known
  const shared: Shared = {
    flights: new SingleFlight(),
    budget: new Budget(),
    wanted: new WantedFiles(),
    live: new Live(),
    apis: new Map(),
    mesher: createPreviewPool(),
    deriver: createDerivePool(),
    declaring: new PQueue({ concurrency: 1 }),
    told: new Set(),
  }
  sharedByCache.set(cacheDir, shared)
  return shared
}

/** The limits of an account hold for the whole process, so each account has one client. */
function apiFor(shared: Shared, run: Run, clock: Clock): Api {
  const { options, env } = run
  const { apiKey, baseUrl, concurrency, requestsPerSecond } = options
  if (apiKey === undefined) throw keyMissing(run)
  const known = shared.apis.get(idOfApi(options))
  if (known) return known
  const redact = createRedactor([apiKey])
  const log = createDebugLog({ env, redact, write: (text) => process.stderr.write(text) })
  const fetch = createFetch({ env })
  const limits = createLimits({ requestsPerSecond, concurrency, clock })
  const schedule = createSchedule({ limits, clock, random: Math.random, log })
  const client = createClient({ baseUrl, apiKey, fetch, clock, log, schedule })
  const { create, ...free } = client
  const api: Api = {
    client: free,
    submit: (permission, { key, kind, body }, options) => {
      permission.assertCovers(key)
      return create(kind, body, options)
    },
    limits,
    fetch,
    looks: new Looks(),
    account: accountDigest(apiKey),
  }
  shared.apis.set(idOfApi(options), api)
  return api
}

function idOfApi({ apiKey = '', baseUrl }: ResolvedOptions): string {
  return `${baseUrl} ${accountDigest(apiKey)}`
}

function keyMissing({ options: { misnamedKey }, envFolders = [] }: Run): MeshyError {
  const places = envFolders.map((folder) => `\`${folder}\``).join(' and ')
  const files = envFolders.length > 0 ? ` or in \`.env\` (looked for in ${places})` : ''
  return new MeshyError('MESHY_AUTH_MISSING', {
    message: 'A model has to be fetched or generated, and there is no API key.',
    hint: misnamedKey
      ? `Name it MESHY_API_KEY: \`${misnamedKey}\` is set, and whatever begins like that may be published.`
      : `Set MESHY_API_KEY in the environment${files}.`,
  })
}
