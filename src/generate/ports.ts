import type { Client, Created } from '../service/client.ts'
import type { Limits } from '../service/limits/limits.ts'
import type { SubmitOptions } from '../service/transport.ts'
import type { ModelTransform } from '../derive/transform-model.ts'
import type { Payload } from '../request/payload.ts'
import type { TeamStoreSettings } from '../store/shared/open-team-store.ts'
import type { Fetch } from '../system/fetch.ts'
import type { Log, Logger, Notices } from '../system/logger.ts'
import type { SingleFlight } from '../system/once.ts'
import type { FileRole } from '../request/files.ts'
import type { Request } from '../request/request.ts'
import type { Task } from '../service/task.ts'
import type { Batch } from './batch.ts'
import type { Budget } from './budget.ts'
import type { Mode } from '../finding/modes.ts'
import type { Permission } from '../finding/permission.ts'
import type { FindingPorts } from '../finding/ports.ts'
import type { TaskListCache } from './recent-tasks.ts'

/** What this room needs from the surrounding run when it works on this machine only. */
export interface LocalPorts extends FindingPorts {
  options: Settings
  models: ModelsOfRun
  reporter: Reporter
}

/** What it needs to generate a model, or to fetch one. `run/` puts both together; a function takes what it uses. */
export interface Ports extends LocalPorts {
  /** @throws {MeshyError} MESHY_AUTH_MISSING if there is no API key */
  account(): Account
  purse: Purse
}

/** The options that generating a model depends on, resolved. */
export interface Settings {
  mode: Mode
  apiKey: string | undefined
  baseUrl: string
  emulated: boolean
  isCi: boolean
  maxCredits: number
  /** Milliseconds. */
  taskTimeout: number
  transforms: readonly ModelTransform[]
  teamStore: TeamStoreSettings | undefined
  /** Absolute paths. */
  projectDir: string
  cacheDir: string
  lockfile: string | false
}

/** Access to the service: its client, the limits of the account, and `fetch` for the files. */
export interface Account {
  /** All calls that are free. */
  client: Omit<Client, 'create'>
  /**
   * The one that is not. @throws {MeshyError} MESHY_PERMISSION_MISSING before anything is sent; otherwise what `create`
   * throws
   */
  submit(permission: Permission, order: Order, options: SubmitOptions): Promise<Created>
  limits: Limits
  fetch: Fetch
  /** For debug output, if that is on. */
  log: Log | undefined
  taskList: TaskListCache
  /** A digest of the API key, to distinguish accounts in the journal without storing the key. */
  digest: string
}

/** What is submitted, and for which key. */
interface Order extends Payload {
  key: string
}

/** Decides whether what may be paid for is paid for. */
interface Purse {
  budget: Budget
  batch: Batch
  /** Whether the run is bound to fail because of another import: then nothing more is paid. */
  hasFailed(): boolean
}

/** What is known about the models of a run while they are generated. */
export interface ModelsOfRun {
  /** Whether the bundler serves or watches, so that nobody waits. */
  isLive: boolean
  flights: SingleFlight
  /** What the imports of a key ask for, each in its own way. */
  requestsOf(key: string): Request[]
  /** The files that all imports of the request's key want so far: they share one task. */
  wantedOf(request: Request): FileRole[]
  /** Whether anybody still wants the model: in a build always, in a live run only as long as it is imported. */
  isWanted(request: Request): Promise<boolean>
}

/** The progress of a model, for everything that shows it. */
export type Step =
  /** It waits for its batch to be decided. */
  | 'waiting'
  /** From now on it may have been paid for, until it is done. */
  | 'on its way'
  /** The queue of the account is full: the submission waits for a place. */
  | 'queue full'
  | Task
  /** Something is being derived from it. */
  | 'deriving'
  /** It is stored, or has failed. */
  | 'done'

/** Receives events. */
export interface Reporter {
  logger: Logger
  notices: Notices
  progress(request: Request, step: Step): void
  addEffort(request: Request, effort: Effort): void
  addExpiring(model: Expiring): void
}

/** How a run obtained a model. */
export type Origin = 'cache' | 'generated' | 'adopted' | 'shared' | 'restored' | 'derived' | 'stand-in'

/** How a model was obtained, and what that cost. */
export interface Effort {
  origin: Origin
  /** Credits that this run spent on it. */
  credits: number
  /** Seconds that this run waited for it. */
  seconds: number
}

/** A model whose bytes a run could only get from a task, which the service does not keep for long. */
export interface Expiring {
  key: string
  image: string
  /** The latest time at which its task is gone; milliseconds since 1970. */
  until: number
  /** Whether it is in the lockfile, so that a run without bytes fails. A model that is not known is paid for again. */
  isPinned: boolean
}
