import { createHasher } from '../request/fingerprint.ts'
import { systemClock, type Clock } from '../system/clock.ts'
import { redactedLogger, Notices } from '../system/logger.ts'
import { once } from '../system/once.ts'
import { createRedactor } from '../system/redact.ts'
import { Borders } from './borders.ts'
import type { Context, Makers, RunPorts, Run } from './context.ts'
import { Imports } from './imports.ts'
import { Models } from './models/models.ts'
import { openPorts } from './open-ports.ts'
import { pools, processState } from './process-state.ts'
import { tellInterrupt, tellProgress, TerminalProgress } from './reporting/progress.ts'
import type { DeclaredFile, DeclaredFileOptions } from './types/declared-file.ts'

/** Puts a run together. Nothing is read from or written to the cache yet, and no key is needed. */
export async function openContext(run: Run): Promise<Context> {
  const { options, clock = systemClock } = run
  const hasher = await createHasher()
  const shared = processState(options.cacheDir)
  const models = new Models({ clock, isLive: run.live, shared: shared.models })
  const terminal = await openTerminal(models, clock)
  const redact = createRedactor([options.apiKey])
  const logger = redactedLogger(terminal ? terminal.above(run.logger) : run.logger, redact)
  const notices = new Notices(logger)
  if (!terminal) tellProgress(models, logger)
  // A server ends in its own way, because nobody waits there.
  if (!run.live) tellInterrupt(models, logger)
  const openTeamStore =
    options.teamStore && (await import('../store/shared/open-team-store.ts')).openTeamStore
  const reporter = { logger, notices }
  const ports = openPorts({ run, shared, hasher, clock, models, reporter, openTeamStore })
  const declared = await openDeclared(run, {
    clock,
    turns: shared.declaring,
    warn: (text) => notices.once(text),
    info: (text) => logger.info(`meshy: ${text}`),
  })
  return {
    ports,
    stopWatching: run.live ? await goLive(run, ports) : () => {},
    paying: once(async () => (await import('./open-paying.ts')).openPaying(run, shared, ports)),
    project: {
      borders: new Borders({ ...run.borders, allow: options.allow, workspace: options.workspace }),
      imports: new Imports(hasher, (query) => declared?.add(query)),
      declared,
    },
    makers: makersOf(ports),
    seen: { plan: [], part: run.part },
  }
}

async function goLive({ waysToAgree = () => ({}) }: Run, ports: RunPorts): Promise<() => void> {
  const { askDeveloper } = await import('./live/asking.ts')
  const { watchForArrivals } = await import('./live/arrivals.ts')
  askDeveloper(ports, waysToAgree)
  return watchForArrivals(ports)
}

function makersOf({ store, models, reporter, clock, signal }: RunPorts): Makers {
  const { flights, isLive } = models
  const { notices, logger } = reporter
  const openStandIns = once(async () => {
    const { createStandIns } = await import('../stand-in/stand-in.ts')
    const mesher = await pools.mesher()
    return createStandIns({ store, mesher, flights, isLive, notices, logger, clock, signal })
  })
  return {
    standIns: { make: async (request) => (await openStandIns()).make(request) },
    ...pools,
  }
}

/** Runs that must change nothing write no types either. */
async function openDeclared(
  { options, live }: Run,
  rest: Omit<DeclaredFileOptions, 'live'>,
): Promise<DeclaredFile | undefined> {
  const { dts, mode } = options
  if (!dts || mode === 'frozen' || mode === 'plan') return undefined
  const types = await import('./types/declared-file.ts')
  return new types.DeclaredFile(dts, { ...rest, live })
}

/** Loaded only if somebody is watching: builds in CI and with warm caches should not pay for it. */
async function openTerminal(models: Models, clock: Clock): Promise<TerminalProgress | undefined> {
  if (!process.stderr.isTTY) return undefined
  const { createLogUpdate } = await import('log-update')
  return new TerminalProgress(models, createLogUpdate(process.stderr), clock)
}
