import PQueue from 'p-queue'
import type { DerivePool } from '../derive/pool.ts'
import type { Budget } from '../generate/budget.ts'
import type { Account } from '../generate/ports.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import type { Mode } from '../finding/modes.ts'
import { accountDigest } from '../store/journal.ts'
import { once } from '../system/once.ts'
import { SharedModels } from './models/shared-models.ts'
import type { ResolvedOptions } from './option-types.ts'

/** What all plugin instances of a process share for one cache folder. */
export interface ProcessState {
  models: SharedModels
  /** Unset until something may be paid for. */
  budget: Budget | undefined
  /** By {@link idOfAccount}. */
  accounts: Map<string, Account>
  declaring: PQueue
}

/**
 * The mutable state of the module: bundlers create an instance of the plugin for each environment and each worker, and
 * these must not pay twice. Nor should each of them start its own threads.
 */
const byCache = new Map<string, ProcessState>()

/** Worker threads, started when they are needed. */
export interface Pools {
  mesher(): Promise<PreviewPool>
  deriver(): Promise<DerivePool>
}

export const pools: Pools = {
  mesher: once(async () => (await import('../stand-in/mesher/pool.ts')).createPreviewPool()),
  deriver: once(async () => (await import('../derive/pool.ts')).createDerivePool()),
}

export function processState(cacheDir: string): ProcessState {
  const known = byCache.get(cacheDir)
  if (known) return known
  const shared: ProcessState = {
    models: new SharedModels(),
    budget: undefined,
    accounts: new Map(),
    declaring: new PQueue({ concurrency: 1 }),
  }
  byCache.set(cacheDir, shared)
  return shared
}

/** Distinguishes accounts without holding their keys. */
export function idOfAccount({ apiKey = '', baseUrl }: ResolvedOptions): string {
  return `${baseUrl} ${accountDigest(apiKey)}`
}

/** For every copy of the package that plugins of the project may come from. */
const MODE = Symbol.for('unplugin-meshy.mode')
const world = globalThis as { [MODE]?: Mode | undefined }

/**
 * Runs a build of the project in a mode that overrides any other, for every plugin instance of ours that it creates:
 * the instances in workers, and in builds inside it, are not accessible to anyone.
 */
export async function inMode<T>(mode: Mode, build: () => Promise<T>): Promise<T> {
  const before = world[MODE]
  world[MODE] = mode
  try {
    return await build()
  } finally {
    world[MODE] = before
  }
}

/** The mode in which {@link inMode} currently runs a build. */
export function modeOfProcess(): Mode | undefined {
  return world[MODE]
}
