import { randomBytes } from 'node:crypto'
import { type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { systemClock, type Clock } from '../system/clock.ts'
import { touchFile } from '../system/file.ts'
import { currentProcess } from '../system/process.ts'
import {
  createLease,
  isLeaseOf,
  readLease,
  ownLeases,
  release,
  type FoundLease,
  type Holder,
  type LinkFile,
  livenessOfHolder,
  removeLostLease,
} from './lease-file.ts'
import { isOutOfReach, orUnwritable } from './disk-errors.ts'
import type { MeshyError } from '../system/errors.ts'

/** What the holder of a lease can ask. */
export interface Lease {
  /**
   * Whether the lease is still ours. Only a holder on another machine or in a worker thread can lose it, after it hung
   * for longer than `staleMs`. Ask right before anything that must happen only once: paying, publishing.
   */
  isHeld(): Promise<boolean>
  /** That of the project's own key, if leases of others are held as well. */
  own?: Lease
}

export interface LeaseOptions {
  /** Ends the waiting. A lease that is already held is kept. */
  signal?: AbortSignal | undefined
  clock?: Clock | undefined
  /** How often a holder gives a heartbeat. 5 seconds. */
  beatMs?: number | undefined
  /** How long a holder that cannot be seen from here may be silent. 60 seconds. */
  staleMs?: number | undefined
  /** Called once if someone else has the lease, with the holder if the lease names it. */
  onWait?: ((holder: Holder | undefined) => void) | undefined
  /** Called once if a process on this machine has the lease and is silent for `staleMs`: it may be suspended. */
  onStill?: ((holder: Holder | undefined) => void) | undefined
  /** How to create hard links. */
  link?: LinkFile | undefined
}

/**
 * Runs `use` while no other process, worker thread or caller holds the lease `file`.
 *
 * 1. The lease is a file that says who holds it, published in one piece by a hard link, which only one process can
 * create.
 * 2. A holder on this machine is judged by its process: a dead one loses the lease at once, a live one never.
 * 3. A holder that is out of sight (another machine, a worker thread) is judged by its heartbeat.
 * 4. A lost lease is removed under a guard, and everyone competes for a new one.
 *
 * @throws MESHY_CACHE_UNWRITABLE; the reason of `signal`; whatever `use` throws.
 */
export async function withLease<T>(
  file: string,
  use: (lease: Lease) => Promise<T>,
  options: LeaseOptions = {},
): Promise<T> {
  const { clock = systemClock, beatMs = 5_000, staleMs = 60_000 } = options
  const token = randomBytes(8).toString('hex')
  const me: Holder = { ...currentProcess(), machine: hostname(), thread: threadId, token }
  const isHeld = () => isLeaseOf(file, me)
  ownLeases().add(token)
  try {
    const handle = await acquire(file, me, { ...options, clock, beatMs, staleMs })
    const stopBeating = startBeating(handle, clock, beatMs)
    try {
      return await use({ isHeld })
    } finally {
      stopBeating()
      await release(file, { handle, isHeld })
    }
  } finally {
    ownLeases().delete(token)
  }
}

interface OptionalLeaseOptions extends LeaseOptions {
  /** Called before the lease is taken. */
  prepare: () => Promise<void>
  /** Called if no lease can be taken. */
  onOutOfReach?: (error: MeshyError) => void
}

/** {@link withLease}; without one if its folder is out of reach. A failure of `use` itself is a different matter. */
export async function withLeaseIfPossible<T>(
  file: string,
  use: (lease: Lease | undefined) => Promise<T>,
  { prepare, onOutOfReach, ...options }: OptionalLeaseOptions,
): Promise<T> {
  let isTurn = false
  const begin = (lease: Lease) => {
    isTurn = true
    return use(lease)
  }
  try {
    await prepare()
    return await withLease(file, begin, options)
  } catch (error) {
    if (isTurn || !isOutOfReach(error)) throw error
    onOutOfReach?.(error)
  }
  return use(undefined)
}

type Settings = LeaseOptions & { clock: Clock; beatMs: number; staleMs: number }

async function acquire(file: string, me: Holder, settings: Settings): Promise<FileHandle> {
  const { clock, signal, staleMs, link } = settings
  const isSilent = watchBeats(settings)
  const tell = createTeller(settings)
  let pauses = 0
  for (;;) {
    signal?.throwIfAborted()
    const found = await readLease(file)
    if (!found) {
      const handle = await orUnwritable(file, () => createLease(file, me, link))
      if (handle) return handle
      continue
    }

    const nextPauseMs = pauseMs(pauses)
    const silent = isSilent(found, nextPauseMs)
    if (isLost(found, silent)) {
      const taker = { me, staleMs, now: clock.now(), link }
      if (await orUnwritable(file, () => removeLostLease(file, found, taker))) continue
    }
    tell(found.holder, silent)
    pauses += 1
    await clock.sleep(nextPauseMs, signal)
  }
}

/** Reports once who is being waited for, and once more if that one is silent. */
function createTeller({ onWait, onStill }: Settings): (holder: Holder | undefined, silent: boolean) => void {
  let isTold = false
  let isStillTold = false
  return (holder, silent) => {
    if (!isTold) onWait?.(holder)
    if (silent && !isStillTold) onStill?.(holder)
    isTold = true
    isStillTold ||= silent
  }
}

function isLost(found: FoundLease, silent: boolean): boolean {
  const liveness = livenessOfHolder(found.holder)
  return liveness === 'gone' || (liveness === 'unknown' && silent)
}

/**
 * Judges a holder by its heartbeat. An old heartbeat alone proves nothing: the clocks of two machines differ, and after
 * a laptop slept every heartbeat is old. So we must have watched for two heartbeats ourselves, measured by our own
 * pauses.
 */
function watchBeats({
  clock,
  beatMs,
  staleMs,
}: Settings): (found: FoundLease, nextPauseMs: number) => boolean {
  let last: FoundLease | undefined
  let watchedMs = 0
  let pausedMs = 0
  return (found, nextPauseMs) => {
    const unchanged = last?.text === found.text && last.mtimeMs === found.mtimeMs
    watchedMs = unchanged ? watchedMs + pausedMs : 0
    last = found
    pausedMs = nextPauseMs
    const beatIsOld = clock.now() - found.mtimeMs >= staleMs && watchedMs >= 2 * beatMs
    return beatIsOld || watchedMs >= staleMs
  }
}

/**
 * Updates our own file through its handle: after a loss, that is no longer the file of the next holder. A heartbeat
 * that fails is a missing heartbeat, which the others will judge.
 */
function startBeating(handle: FileHandle, clock: Clock, beatMs: number): () => void {
  const timer = setInterval(() => {
    const now = new Date(clock.now())
    touchFile(handle, now).catch(() => undefined)
  }, beatMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Milliseconds until the next look: soon at first, then four times a second, never all waiters at once. */
function pauseMs(pauses: number): number {
  return Math.min(10 * 1.3 ** pauses, 250) * (0.5 + Math.random())
}
