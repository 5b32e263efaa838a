import type { LocalPorts, Ports } from '../generate/ports.ts'
import type { StandIns } from '../stand-in/stand-in.ts'
import type { Borders, BordersInit } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Imports } from './imports.ts'
import type { ResolvedOptions } from './option-types.ts'
import type { PlannedImport } from './plan.ts'
import type { Models } from './models/models.ts'
import type { Pools } from './process-state.ts'
import type { DeclaredFile } from './types/declared-file.ts'
import type { Mode } from '../finding/modes.ts'
import type { Clock } from '../system/clock.ts'
import type { Logger } from '../system/logger.ts'
import type { Environment } from '../system/process.ts'

/** One build, server or command; `open.ts` puts it together. */
export interface Context {
  ports: RunPorts
  /** The same with an account and a purse, which a run where everything is ready never opens and never loads. */
  paying(): Promise<PayingPorts>
  /** Stops looking for what others make, until something is awaited again: the server has closed. */
  stopWatching(): void
  project: ProjectOfRun
  makers: Makers
  seen: Seen
}

/** What serving a model needs, with every option of the run, and the whole table of its models. */
export interface RunPorts extends LocalPorts {
  options: ResolvedOptions
  models: Models
}

/** What generating a model needs. */
export interface PayingPorts extends RunPorts, Pick<Ports, 'account' | 'purse'> {}

interface ProjectOfRun {
  /** Whose imports may spend, and which files they may name. */
  borders: Borders
  imports: Imports
  /** Unset when the run writes no types. */
  declared: DeclaredFile | undefined
}

/** What this machine makes itself, in worker threads, which start when they are needed. */
export interface Makers extends Pools {
  standIns: StandIns
}

/** What a run saw. */
interface Seen {
  plan: PlannedImport[]
  /** Set if one of our commands runs the build, and wants to know what it sees. */
  part: Part | undefined
}

/** How a developer can approve in this run. */
export interface WaysToAgree {
  /** Keys of the terminal, if one is listening. */
  key?: string | undefined
  /** Path of a page with a button, if there is one. */
  page?: string | undefined
}

/** What a bundler or a command provides to a run. */
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
  /** Whether the run is bound to fail because of another import, so that nothing more should be paid for. */
  hasFailed?: (() => boolean) | undefined
  signal?: AbortSignal | undefined
  part?: Part | undefined
  /** What the bundler says about its own borders. */
  borders?: Pick<BordersInit, 'dependencyCache' | 'serves'> | undefined
  /** @default the system's */
  clock?: Clock | undefined
}

/** The same run in another mode. */
export function withMode(context: Context, mode: Mode): Context {
  const { ports, paying } = context
  const options = { ...ports.options, mode }
  return {
    ...context,
    ports: { ...ports, options },
    paying: async () => ({ ...(await paying()), options }),
  }
}
