import type { DerivePool } from '../derive/pool.ts'
import type { Ports } from '../generate/ports.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import type { StandIns } from '../stand-in/stand-in.ts'
import type { Borders } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Imports } from './imports.ts'
import type { Consent } from './live/consent.ts'
import type { Derivations } from './live/derivations.ts'
import type { Live } from './live/live.ts'
import type { ResolvedOptions } from './options.ts'
import type { PlannedImport } from './plan.ts'
import type { Observers } from './reporting/observers.ts'
import type { Report } from './reporting/report.ts'
import type { DeclaredFile } from './types/declared-file.ts'

/** One build, server or command; `open.ts` puts it together. */
export interface Context {
  ports: RunPorts
  project: ProjectOfRun
  makers: Makers
  serving: Serving
  seen: Seen
}

/** What making a model needs, with every option of the run. */
export interface RunPorts extends Ports {
  options: ResolvedOptions
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
  live: Live | undefined
  /** What a live run derives in the background. */
  derivations: Derivations
  consent: Consent
  /** Whoever shows a live run joins them. */
  observers: Observers
}

/** What a run saw. */
export interface Seen {
  report: Report
  plan: PlannedImport[]
  /** Set where a command of ours runs the build, and wants to know what it sees. */
  part: Part | undefined
}
