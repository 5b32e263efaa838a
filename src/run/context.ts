import type { DerivePool } from '../derive/pool.ts'
import type { Ports } from '../generate/ports.ts'
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
  project: ProjectOfRun
  makers: Makers
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

/** What a run saw. */
export interface Seen {
  plan: PlannedImport[]
  /** Set where a command of ours runs the build, and wants to know what it sees. */
  part: Part | undefined
}
