import type { Hasher } from '../request/fingerprint.ts'
import type { ImageReader } from '../request/images.ts'
import type { Store } from '../store/open-store.ts'
import type { SharedStores } from '../store/shared/shared-stores.ts'
import type { Clock } from '../system/clock.ts'
import type { Notices } from '../system/logger.ts'
import type { Mode } from './modes.ts'

/** What finding out about a request needs from the surrounding run. */
export interface FindingPorts {
  options: {
    mode: Mode
    apiKey: string | undefined
    /** The user's own steps, which come before those of an import. */
    transforms: readonly { name: string; version: string | number }[]
  }
  store: ProjectStore
  reporter: { notices: Notices }
  clock: ServiceClock
  /** Aborted when the run ends early. */
  signal: AbortSignal
}

/** What this machine has for a project, and what it shares. */
export interface ProjectStore extends Store {
  shared: SharedStores
  /** Reads and hashes an image once per run, however often it is imported. */
  images: ImageReader
  hasher: Hasher
}

/** The time here, and at the service. */
export interface ServiceClock extends Clock {
  /** As far as an answer has reported it, otherwise the time here; milliseconds since 1970. */
  serviceNow(): number
}
