import { fingerprint, type Hasher } from '../request/fingerprint.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { createBlobs, type Blobs } from './blobs.ts'
import { createCopies, type Copies } from './copies.ts'
import { createEntries, type Entries } from './entries.ts'
import { createVerifiedFiles } from './verified-files.ts'
import { createJournal, type Journal } from './journal.ts'
import { createLayout, type Layout } from './layout.ts'
import { withLease, type Lease, type LeaseOptions } from './lease.ts'
import { createLockfile, type Lockfile } from './lockfile.ts'
import { createOutputs, type Outputs } from './outputs.ts'
import { createPreparation, type Commits } from './prepare.ts'
import type { Clock } from '../system/clock.ts'
import type { TeamStoreSettings } from './shared/open-team-store.ts'

/** Everything on disk: bytes, what is known about them, what is pinned, what is on its way. */
export interface Store {
  layout: Layout
  blobs: Blobs
  outputs: Outputs
  copies: Copies
  entries: Entries
  /** Undefined if the project pins nothing. */
  lockfile: Lockfile | undefined
  journal: Journal
  /** Writes the cache folder's own files, once. */
  prepare(): Promise<void>
  /** Runs `use` while no other process works on the key. */
  withLease<T>(
    key: string,
    use: (lease: Lease) => Promise<T>,
    options: Pick<LeaseOptions, 'signal' | 'onWait' | 'onStill'>,
  ): Promise<T>
}

/** Where a project keeps its data. */
interface StorePlaces {
  /** Absolute. */
  cacheDir: string
  /** Absolute; `false` for a project that pins nothing. */
  lockfile: string | false
  teamStore: TeamStoreSettings | undefined
  /** Whether models are those of an emulator, which no store holds. */
  emulated: boolean
  /** A `frozen` run leaves what is committed as it is. */
  mode: string
}

/** Opens the store of a project. Nothing is written before there is something to store. */
export function openStore(places: StorePlaces, hasher: Hasher, clock: Clock): Store {
  const layout = createLayout(places.cacheDir)
  const prepare = createPreparation(layout, clock, commitsOf(places))
  const keyOf = (request: CanonicalRequest) => fingerprint(request, hasher)
  const entries = createEntries(layout, { fingerprint: keyOf, prepare })
  const copies = createCopies(layout, prepare)
  const notes = createVerifiedFiles(layout, prepare, clock)
  const lockfile = places.lockfile
    ? createLockfile({ file: places.lockfile, lease: layout.lease('lockfile'), fingerprint: keyOf, clock })
    : undefined
  return {
    layout,
    prepare,
    entries,
    lockfile,
    journal: createJournal(layout, prepare),
    blobs: createBlobs(layout, prepare),
    copies,
    outputs: createOutputs(layout, prepare, notes, copies),
    withLease: async (key, use, options) => {
      await prepare()
      return withLease(layout.lease(key), use, { ...options, clock })
    },
  }
}

function commitsOf({ mode, teamStore, emulated }: StorePlaces): Commits {
  if (mode === 'frozen') return 'unchanged'
  // A store that only this machine's environment names cannot hold what everyone needs, and none holds an emulator's models.
  return !emulated && teamStore?.writtenIn === 'config' ? 'nothing' : 'blobs'
}
