import type { DerivePool } from '../derive/pool.ts'
import type { LocalPorts, Ports } from '../generate/ports.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import type { StandIns } from '../stand-in/stand-in.ts'
import type { Borders } from './borders.ts'
import type { Part } from './commanded.ts'
import type { Imports } from './imports.ts'
import type { ResolvedOptions } from './option-types.ts'
import type { PlannedImport } from './plan.ts'
import type { Models } from './models/models.ts'
import type { DeclaredFile } from './types/declared-file.ts'

/** One build, server or command; `open.ts` puts it together. */
export interface Context {
  ports: RunPorts
  /** The same with an account and a purse, which a run where everything is ready never opens, and never loads. */
  paying(): Promise<PayingPorts>
  /** Looks no more for what others make, until something is awaited again: whoever serves has closed. */
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

/** What making a model needs. */
export interface PayingPorts extends RunPorts, Pick<Ports, 'account' | 'purse'> {}

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
  mesher(): Promise<PreviewPool>
  deriver(): Promise<DerivePool>
}

/** What a run saw. */
export interface Seen {
  plan: PlannedImport[]
  /** Set where a command of ours runs the build, and wants to know what it sees. */
  part: Part | undefined
}
