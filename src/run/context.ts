import type { Derivation } from '../finding/derivation.ts'
import type { DerivePool } from '../derive/pool.ts'
import type { Wanted } from '../generate/obtain.ts'
import type { Ports } from '../generate/ports.ts'
import type { Request } from '../request/request.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import type { StandIns } from '../stand-in/stand-in.ts'
import type { Borders } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Imports } from './imports.ts'
import type { Consent } from './live/consent.ts'
import type { Asset } from './asset.ts'
import type { DerivationTask, LiveTask } from './live/tasks.ts'
import type { ResolvedOptions } from './option-types.ts'
import type { PlannedImport } from './plan.ts'
import type { Models } from './models/models.ts'
import type { DeclaredFile } from './types/declared-file.ts'

/** One build, server or command; `open.ts` puts it together. */
export interface Context {
  ports: RunPorts
  project: ProjectOfRun
  makers: Makers
  serving: Serving
  seen: Seen
}

/** What making a model needs, with every option of the run, and the whole table of its models. */
export interface RunPorts extends Ports {
  options: ResolvedOptions
  models: Models
}

export interface ProjectOfRun {
  /** Whose imports may spend, and which files they may name. */
  borders: Borders
  imports: Imports
  /** Unset when the run writes no types. */
  declared: DeclaredFile | undefined
}

/** What this machine makes itself, in worker threads, which start when they are needed. */
export interface Makers {
  standIns: StandIns
  mesher: PreviewPool
  deriver: DerivePool
}

/** Runs that serve or watch. */
export interface Serving {
  /** Set when the bundler serves or watches, so that nobody waits. */
  live: LiveModels | undefined
  /** What a live run derives in the background. */
  derivations: LiveDerivations
  consent: Consent
}

/** What a run saw. */
export interface Seen {
  plan: PlannedImport[]
  /** Set where a command of ours runs the build, and wants to know what it sees. */
  part: Part | undefined
}

/** A request that is still wanted, and the run that wants it. */
export interface Wanting {
  context: Context
  request: Request
}

/** Models of a run that serves or watches: nobody waits. */
export interface LiveModels {
  asset(context: Context, request: Request, task: LiveTask): Promise<Asset>
  /** Generates a model in the background after all: the developer said so. */
  start(context: Context, request: Request, wanted: Wanted): void
  /** Who wants the model of a key, by what is on disk now; undefined when nobody does any more. */
  wanting(key: string): Promise<Wanting | undefined>
}

/** What a live run derives while the model is shown as it came. */
export interface LiveDerivations {
  /** Why a derivation failed in this run; undefined when it did not. */
  failureOf(derivation: Derivation): unknown
  noteFailure(
    context: Context,
    request: Request,
    failed: { derivation: Derivation; error: unknown },
  ): Promise<void>
  start(context: Context, request: Request, task: DerivationTask): Promise<void>
}
