import type { Client, Created } from '../service/client.ts'
import type { Limits } from '../service/limits/limits.ts'
import type { SubmitOptions } from '../service/transport.ts'
import type { ModelTransform } from '../derive/transform-model.ts'
import type { Payload } from '../request/payload.ts'
import type { TeamStoreSettings } from '../store/shared/open-team-store.ts'
import type { Fetch } from '../system/fetch.ts'
import type { Logger } from '../system/logger.ts'
import type { Notices } from '../system/notices.ts'
import type { SingleFlight } from '../system/single-flight.ts'
import type { MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { Batch, Candidate } from './batch.ts'
import type { Budget } from './budget.ts'
import type { Effort, Expiring } from './effort.ts'
import type { Interrupt } from './interrupt.ts'
import type { Mode } from '../finding/modes.ts'
import type { FindingPorts } from '../finding/ports.ts'
import type { Permission } from './permission.ts'
import type { Progress } from './progress.ts'
import type { TaskListCache } from './recent-tasks.ts'
import type { WantedFiles } from './wanted.ts'

/** What this room needs of the run around it. `run/open-ports.ts` puts it together; a function takes what it uses. */
export interface Ports extends FindingPorts {
  options: Settings
  /** @throws {MeshyError} MESHY_AUTH_MISSING when there is no API key */
  account(): Account
  purse: Purse
  models: ModelsOfRun
  reporter: Reporter
}

/** The options that making a model depends on, resolved. */
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

/** The way to the service: its client, the limits of the account, and `fetch` for the files. */
export interface Account {
  /** All calls that are free. */
  client: Omit<Client, 'create'>
  /** The one that is not. @throws {MeshyError} MESHY_PERMISSION_MISSING before anything is sent; what `create` throws */
  submit(permission: Permission, order: Order, options: SubmitOptions): Promise<Created>
  limits: Limits
  fetch: Fetch
  taskList: TaskListCache
  /** A digest of the key, to tell accounts apart in the journal without storing the key. */
  digest: string
}

/** What is submitted, and for which key. */
export interface Order extends Payload {
  key: string
}

/** Decides whether what may be paid is paid. */
export interface Purse {
  budget: Budget
  batch: Batch
  needs: NeedsOfRequests
  /** Whether the run is bound to fail for another import: then nothing more is paid. */
  hasFailed(): boolean
}

/** What requests need on this machine, known before anything is paid. */
export interface NeedsOfRequests {
  add(request: Request): void
  /** Which candidates of a batch must not be paid, and why. */
  refusals(ports: Ports, candidates: readonly Candidate[]): Promise<Map<Candidate, MeshyError>>
}

/** What is known of the models of a run while they are made. */
export interface ModelsOfRun {
  /** Whether the bundler serves or watches, so that nobody waits. */
  isLive: boolean
  wanted: WantedFiles
  flights: SingleFlight
  /** Unset where nobody waits: that ends in its own way. */
  interrupt: Interrupt | undefined
}

/** Hears what happens. */
export interface Reporter {
  logger: Logger
  notices: Notices
  progress: Progress
  addEffort(made: { key: string; imageName: string }, effort: Effort): void
  addExpiring(model: Expiring): void
}
