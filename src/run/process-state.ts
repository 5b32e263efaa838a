import PQueue from 'p-queue'
import { createDerivePool, type DerivePool } from '../derive/pool.ts'
import { Budget } from '../generate/budget.ts'
import type { Account } from '../generate/ports.ts'
import { WantedFiles } from '../generate/wanted.ts'
import { createPreviewPool, type PreviewPool } from '../stand-in/mesher/pool.ts'
import { SingleFlight } from '../system/single-flight.ts'
import { Live } from './live/live.ts'

/** What all plugin instances of a process share for one cache folder. */
export interface ProcessState {
  flights: SingleFlight
  budget: Budget
  wanted: WantedFiles
  live: Live
  accounts: Map<string, Account>
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
const byCache = new Map<string, ProcessState>()

export function processState(cacheDir: string): ProcessState {
  const known = byCache.get(cacheDir)
  if (known) return known
  const shared: ProcessState = {
    flights: new SingleFlight(),
    budget: new Budget(),
    wanted: new WantedFiles(),
    live: new Live(),
    accounts: new Map(),
    mesher: createPreviewPool(),
    deriver: createDerivePool(),
    declaring: new PQueue({ concurrency: 1 }),
    told: new Set(),
  }
  byCache.set(cacheDir, shared)
  return shared
}
