import type { DerivePool } from '../derive/pool.ts'
import type { Client, Created } from '../service/client.ts'
import type { SubmitOptions } from '../service/transport.ts'
import type { PreviewPool } from '../stand-in/mesher/pool.ts'
import type { Limits } from '../service/limits/limits.ts'
import type { Hasher } from '../request/fingerprint.ts'
import type { ImageReader } from '../request/images.ts'
import type { Payload } from '../request/payload.ts'
import type { Clock } from '../system/clock.ts'
import type { Fetch } from '../system/fetch.ts'
import type { Permission } from '../generate/permission.ts'
import type { Looks } from '../generate/recent-tasks.ts'
import type { Batch } from '../generate/batch.ts'
import type { Borders } from './borders.ts'
import type { Budget } from '../generate/budget.ts'
import type { Consent } from './live/consent.ts'
import type { DeclaredFile } from './types/declared-file.ts'
import type { Derivations } from './live/derivations.ts'
import type { SingleFlight } from '../system/single-flight.ts'
import type { Imports } from './imports.ts'
import type { Needs } from '../generate/needs.ts'
import type { Interrupt } from '../generate/interrupt.ts'
import type { Live } from './live/live.ts'
import type { Logger } from '../system/logger.ts'
import type { Notices } from '../system/notices.ts'
import type { Observer } from './reporting/observer.ts'
import type { ResolvedOptions } from './options.ts'
import type { Part } from './commanded.ts'
import type { PlannedImport } from './plan.ts'
import type { Progress } from '../generate/progress.ts'
import type { Report } from './reporting/report.ts'
import type { SharedStores } from '../store/shared/shared-stores.ts'
import type { Store } from '../store/open-store.ts'
import type { WantedFiles } from '../generate/wanted.ts'

/** All that the pipeline works with; `open.ts` puts it together. */
export interface Context {
  options: ResolvedOptions
  store: Store
  /** What this project shares with others of the machine and the team. */
  sharing: SharedStores
  hasher: Hasher
  /** Whose imports may spend, and which files they may name. */
  borders: Borders
  /** Reads and digests an image once for a run, however often it is imported. */
  readImage: ImageReader
  /** @throws {MeshyError} MESHY_AUTH_MISSING when there is no API key */
  api(): Api
  batch: Batch
  needs: Needs
  budget: Budget
  /** Whether the run is bound to fail for another import: then nothing more is paid. */
  isDoomed(): boolean
  flights: SingleFlight
  /** Set when the bundler serves or watches, so that nobody waits. */
  live: Live | undefined
  /** What a live run derives in the background. */
  derivations: Derivations
  consent: Consent
  /** Unset when the bundler serves or watches: that ends in its own way. */
  interrupt: Interrupt | undefined
  imports: Imports
  /** Unset when the run writes no types. */
  declared: DeclaredFile | undefined
  wanted: WantedFiles
  /** Makes stand-ins in worker threads, which start when they are needed. */
  mesher: PreviewPool
  /** Derives from models in worker threads, which start when they are needed. */
  deriver: DerivePool
  plan: PlannedImport[]
  /** Set where a command of ours runs the build, and wants to know what it sees. */
  part: Part | undefined
  report: Report
  progress: Progress
  /** Set by whoever shows a live run. */
  observer: Observer | undefined
  notices: Notices
  clock: Clock
  /** The time at the service as far as an answer told it, else here; milliseconds since 1970. */
  serviceNow(): number
  logger: Logger
  /** Aborted when the run ends early. */
  signal: AbortSignal
}

/** The way to the service: its client, the limits of the account, and `fetch` for the files. */
export interface Api {
  /** All calls that are free. */
  client: Omit<Client, 'create'>
  /** The one that is not. @throws {MeshyError} MESHY_PERMISSION_MISSING before anything is sent; what `create` throws */
  submit(permission: Permission, order: Order, options: SubmitOptions): Promise<Created>
  limits: Limits
  fetch: Fetch
  looks: Looks
  /** A digest of the key, to tell accounts apart in the journal without storing the key. */
  account: string
}

/** What is submitted, and for which key. */
export interface Order extends Payload {
  key: string
}
