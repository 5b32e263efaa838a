import { utimes } from 'node:fs/promises'
import PQueue from 'p-queue'
import { formatThrown, type MeshyError, errnoOf } from '../../system/errors.ts'
import type { CanonicalRequest } from '../../request/request.ts'
import { createBlobs, type Blobs } from '../blobs.ts'
import { isPresent } from '../digest.ts'
import { createEntries, type Entries } from '../entries.ts'
import type { BlobRef, StoredEntry } from '../entry.ts'
import { createLayout, type Layout } from '../layout.ts'
import { withLeaseIfPossible, type Lease, type LeaseOptions } from '../lease.ts'
import { isOutOfReach } from '../disk-errors.ts'
import { readLease } from '../lease-file.ts'
import { createPreparation } from '../prepare.ts'
import { takeFile, type TakeOptions } from '../copies.ts'
import type { Clock } from '../../system/clock.ts'
import { warnOnce } from '../../system/logger.ts'
import { ifReachable, ifUsable, openOnce, NOTHING, sum, trim } from './machine-folder.ts'
import { createMachineSubmissions, type Turn } from './machine-submissions.ts'
import type { OnItsWay } from './on-its-way.ts'
import { withOthers } from './shared-entry.ts'

interface MachineStoreOptions {
  /** Absolute. */
  folder: string
  /** Maximum size in bytes. */
  limit: number
  fingerprint: (request: CanonicalRequest) => string
  clock: Clock
  /** Called once with the reason why the store is not used. */
  warn: (text: string) => void
}

/** What all projects of a user share on this machine: a cache folder like that of a project, with a size limit. */
export interface MachineStore {
  folder: string
  /** Copies a blob into a project. @returns whether it was here, and correct */
  bring(ref: BlobRef, into: Layout): Promise<boolean>
  /** Keeps a blob of a project, durably. */
  keep(ref: BlobRef, from: Layout): Promise<void>
  /** Keeps a blob that has just come from another store, in the background. {@link tidy} waits for it. */
  keepLater(ref: BlobRef, from: Layout): void
  /** The record of a finished request whose model is here. */
  find(key: string): Promise<StoredEntry | undefined>
  /** Call it after the bytes are kept. */
  keepEntry(entry: StoredEntry): Promise<void>
  /**
   * Runs `use` while no other project of the machine is paying for the key with this account; without a lease if the
   * store is not accessible.
   */
  withLease<T>(
    turn: Turn,
    use: (lease: Lease | undefined) => Promise<T>,
    options: Pick<LeaseOptions, 'signal' | 'onWait' | 'onStill'>,
  ): Promise<T>
  /** What was sent for a key, whoever recorded it. Ask under the lease of the key. */
  onItsWay(turn: Turn): Promise<OnItsWay | undefined>
  /** The same for all keys of an account, whoever is working on them. */
  allOnItsWay(account: string): Promise<ReadonlyMap<string, OnItsWay>>
  /** Records what was sent for a key, unless another project is working on it; undefined: nothing can come of it. */
  tell(turn: Turn, onItsWay: OnItsWay | undefined): Promise<void>
  /** Removes what is known to have been sent for a key if it `isOver`, unless another project is working on it. */
  end(turn: Turn, isOver: (told: OnItsWay) => boolean): Promise<void>
  /** {@link trim} if this run has added something, after all of it is there. */
  tidy(): Promise<void>
  /**
   * Removes the least recently used files until the store is within its limit, and records of what was sent days ago.
   * @returns what was removed
   */
  trim(limit?: number): Promise<{ files: number; bytes: number }>
  /** The size of its contents. */
  size(): Promise<{ files: number; bytes: number }>
}

/** Opens a user's store. Nothing is read or created before it is used. */
export function createMachineStore(options: MachineStoreOptions): MachineStore {
  const { folder, limit, clock, fingerprint, warn: tell } = options
  const layout = createLayout(folder)
  const prepare = createPreparation(layout, clock)
  const blobs = createBlobs(layout, prepare)
  const entries = createEntries(layout, { fingerprint, prepare })
  const submissions = createMachineSubmissions(layout, { prepare, clock })
  const copies = createChores(COPIES_AT_ONCE)
  // Each file that a full disk rejects would be reported under its own name.
  const { warn, hasWarned } = warnOnce(tell)
  const isOpen = openOnce(folder, warn)
  let hasGrown = false
  const change = async (step: () => Promise<unknown>): Promise<void> => {
    if (await isOpen()) await orWithout(warn, step)
  }
  const take = (ref: BlobRef, from: Layout, options: TakeOptions): Promise<void> =>
    change(async () => {
      await prepare()
      if (options.durable && (await isKept(blobs, ref))) return
      hasGrown = (await takeFile(layout, { file: from.blob(ref), ref }, options)) === 'ok' || hasGrown
    })
  const trimAll = async (to: number) => {
    await submissions.prune()
    return trim(layout, blobs, to)
  }
  return {
    folder,
    bring: async (ref, into) => {
      if (!(await isOpen())) return false
      // Before the copy: what is being read is not the least recently used.
      if (!(await touch(layout.blob(ref), clock))) return false
      return (await takeFile(into, { file: layout.blob(ref), ref }, { durable: false })) === 'ok'
    },
    keep: (ref, from) => take(ref, from, { durable: true }),
    keepLater: (ref, from) =>
      copies.add(async () => {
        if (hasWarned()) return
        await take(ref, from, { durable: false, check: false }).catch((error) => tellErrno(error, warn))
      }),
    find: async (key) => ((await isOpen()) ? findEntry({ entries, blobs }, key) : undefined),
    keepEntry: (entry) =>
      change(async () => entries.write(withOthers(entry, await ifUsable(() => entries.read(entry.key))))),
    onItsWay: async (turn) => ((await isOpen()) ? ifUsable(() => submissions.read(turn)) : undefined),
    allOnItsWay: async (account) => ((await isOpen()) ? submissions.readAll(account) : new Map()),
    tell: (turn, onItsWay) =>
      change(async () => {
        hasGrown = true
        await submissions.write(turn, onItsWay)
      }),
    end: (turn, isOver) => change(() => submissions.end(turn, isOver)),
    withLease: async (turn, use, options) =>
      (await isOpen())
        ? inTurn(turn, submissions.during(turn, use), { ...options, layout, prepare, clock, warn: tell })
        : use(undefined),
    tidy: async () => {
      await copies.done()
      if (hasGrown) await orWithout(warn, () => trimAll(limit))
    },
    trim: async (to = limit) => ((await isOpen()) ? trimAll(to) : NOTHING),
    size: async () => ((await isOpen()) ? sum(await blobs.list()) : NOTHING),
  }
}

/** Whatever error the disk reports: the build has these bytes. */
function tellErrno(error: unknown, warn: (text: string) => void): void {
  if (errnoOf(error) === undefined) throw error
  warn(`the machine store cannot be written: ${formatThrown(error)}`)
}

/** One less than Node has threads for files: data that still arrives from the network needs one as well. */
const COPIES_AT_ONCE = 3

/** Background work. Its errors are reported when it is awaited. */
function createChores(concurrency: number) {
  const queue = new PQueue({ concurrency })
  let broken: unknown
  return {
    add(work: () => Promise<void>): void {
      queue.add(work).catch((error: unknown) => (broken ??= error))
    },
    async done(): Promise<void> {
      await queue.onIdle()
      const problem = broken
      broken = undefined
      if (problem !== undefined) throw problem
    },
  }
}

async function isKept(blobs: Blobs, ref: BlobRef): Promise<boolean> {
  return (await hasBlob(blobs, ref)) && (await blobs.verify(ref)) === 'ok'
}

interface TurnOptions extends LeaseOptions {
  layout: Layout
  prepare: () => Promise<void>
  warn: (text: string) => void
}

/** Without a lease if the store is not accessible. */
function inTurn<T>(
  { account, key }: Turn,
  use: (lease: Lease | undefined) => Promise<T>,
  { layout, warn, ...options }: TurnOptions,
): Promise<T> {
  const file = layout.lease(`${account}-${key}`)
  const begin = (lease: Lease | undefined) =>
    use(lease && { isHeld: async () => !(await isTaken(file, lease)) })
  const onOutOfReach = ({ message }: MeshyError) => warn(`the machine store is not accessible: ${message}`)
  return withLeaseIfPossible(file, begin, { ...options, onOutOfReach })
}

/** A store that was deleted, or cannot be read any more, has given the lease to nobody else. */
async function isTaken(file: string, lease: Lease): Promise<boolean> {
  const isOther = async () => (await readLease(file)) !== undefined && !(await lease.isHeld())
  return (await ifUsable(isOther)) ?? false
}

/** An entry counts only if its model is present: a model whose bytes are nowhere must not be pinned. */
async function findEntry(
  { entries, blobs }: { entries: Entries; blobs: Blobs },
  key: string,
): Promise<StoredEntry | undefined> {
  const entry = await ifUsable(() => entries.read(key))
  return entry && (await hasBlob(blobs, entry.files.glb)) ? entry : undefined
}

/** A store that cannot be written costs nothing but what it would have saved. */
async function orWithout(warn: (text: string) => void, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!isOutOfReach(error)) throw error
    warn(`the machine store cannot be written: ${error.message}`)
  }
}

/** @returns whether it is there */
async function touch(file: string, clock: Clock): Promise<boolean> {
  const now = new Date(clock.now())
  return (await ifReachable(() => utimes(file, now, now).then(() => true))) ?? false
}

async function hasBlob(blobs: Blobs, ref: BlobRef): Promise<boolean> {
  return (await ifReachable(() => isPresent(blobs.path(ref), ref))) ?? false
}
