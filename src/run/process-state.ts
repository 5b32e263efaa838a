import PQueue from 'p-queue'
import { createDerivePool, type DerivePool } from '../derive/pool.ts'
import { Budget } from '../generate/budget.ts'
import type { Account } from '../generate/ports.ts'
import { createPreviewPool, type PreviewPool } from '../stand-in/mesher/pool.ts'
import { SharedModels } from './models/shared-models.ts'

/** What all plugin instances of a process share for one cache folder. */
export interface ProcessState {
  models: SharedModels
  budget: Budget
  accounts: Map<string, Account>
  mesher: PreviewPool
  deriver: DerivePool
  declaring: PQueue
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
    models: new SharedModels(),
    budget: new Budget(),
    accounts: new Map(),
    mesher: createPreviewPool(),
    deriver: createDerivePool(),
    declaring: new PQueue({ concurrency: 1 }),
  }
  byCache.set(cacheDir, shared)
  return shared
}
