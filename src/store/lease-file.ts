import { link as hardLink, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { threadId } from 'node:worker_threads'
import { z } from 'zod'
import { hasErrno, isMeshyError, errnoOf } from '../system/errors.ts'
import { parseJson } from '../system/json.ts'
import { inFolder, temporaryPath } from '../system/durable.ts'
import { ifExists } from './disk-errors.ts'
import { readText } from './record.ts'
import { currentProcess, livenessOf, type Liveness } from '../system/process.ts'

export type LinkFile = (existing: string, path: string) => Promise<void>

const holderSchema = z.object({
  pid: z.int().positive(),
  born: z.string().nullable(),
  host: z.string(),
  /** Name of the machine, for people. */
  machine: z.string().optional(),
  /** Worker thread, 0 for the main one. */
  thread: z.int().nonnegative(),
  /** New for each lease, so that two leases of one process differ. Part of file names. */
  token: z.string().regex(/^[0-9a-f]{16}$/),
})

/** Who holds a lease: the content of its file. */
export type Holder = z.infer<typeof holderSchema>

/** A lease file as it was found. */
export interface FoundLease {
  text: string
  /** Undefined if the file does not say: it is just being written, or its writer died while writing. */
  holder: Holder | undefined
  mtimeMs: number
}

/** The lease in `file`, or undefined if there is none. */
export async function readLease(file: string): Promise<FoundLease | undefined> {
  return await ifExists(file, async () => {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)])
    return { text, holder: holderSchema.safeParse(parseJson(text)).data, mtimeMs }
  })
}

/** Whether the lease in `file` is the one that `holder` has created. */
export async function isLeaseOf(file: string, holder: Holder): Promise<boolean> {
  return (await readText(file)) === textOf(holder)
}

function textOf(holder: Holder): string {
  return JSON.stringify(holder)
}

/**
 * Creates `file` with `holder` in it, unless it exists.
 *
 * @returns a handle to it, for the heartbeat; undefined if it exists.
 */
export async function createLease(
  file: string,
  holder: Holder,
  link: LinkFile = hardLink,
): Promise<FileHandle | undefined> {
  const folder = dirname(file)
  const draft = temporaryPath(folder)
  const handle = await inFolder(folder, () => open(draft, 'wx'))
  let outcome: LinkOutcome | undefined
  try {
    await handle.writeFile(textOf(holder))
    outcome = await linkOnce(draft, file, link)
    // A network share may create a link, lose its answer, and refuse the repetition. The link count is reliable.
    if (outcome === 'taken' && (await handle.stat()).nlink > 1) outcome = 'made'
  } finally {
    if (outcome !== 'made') await handle.close()
    await rm(draft, { force: true })
  }
  if (outcome === 'made') return handle
  return outcome === 'taken' ? undefined : await createInPlace(file, holder)
}

type LinkOutcome = 'made' | 'taken' | 'no-links'

async function linkOnce(draft: string, file: string, link: LinkFile): Promise<LinkOutcome> {
  try {
    await link(draft, file)
    return 'made'
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return 'taken'
    // The answers of volumes without hard links: exFAT, some network shares, some phones and containers.
    if (hasErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES')) return 'no-links'
    throw error
  }
}

/** Just as exclusive, but for a moment others see the file without its text. */
async function createInPlace(file: string, holder: Holder): Promise<FileHandle | undefined> {
  let handle: FileHandle
  try {
    handle = await open(file, 'wx')
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return undefined
    throw error
  }
  try {
    await handle.writeFile(textOf(holder))
    return handle
  } catch (error) {
    await handle.close()
    await rm(file, { force: true })
    throw error
  }
}

const TABLE = Symbol.for('unplugin-meshy.leases')

/**
 * The tokens of the leases that this thread holds or waits for: one table for all copies of the package. A lease file
 * of this thread that is not in the table is left over from a release that failed.
 */
export function ownLeases(): Set<string> {
  const shared = globalThis as { [TABLE]?: Set<string> }
  shared[TABLE] ??= new Set()
  return shared[TABLE]
}

interface HeldLease {
  handle: FileHandle
  /** Whether the file still says that it is ours. */
  isHeld(): Promise<boolean>
}

const RETRY_MS = 250
const MAX_RETRY_MS = 5_000

/**
 * Releases a lease. What was done under it is done, so no error of the operating system may be reported instead: the
 * file is removed later, as soon as that works. Until then others wait for this process, as long as it lives.
 */
export async function release(file: string, held: HeldLease): Promise<void> {
  await orLater(() => held.handle.close())
  await removeSoon(file, held, RETRY_MS)
}

async function removeSoon(file: string, held: HeldLease, retryMs: number): Promise<void> {
  const isDone = await orLater(async () => {
    if (await held.isHeld()) await rm(file, { force: true })
  })
  if (isDone) return
  // It must not keep a process alive: the lease of an ended process is lost anyway.
  const again = () => void removeSoon(file, held, Math.min(retryMs * 2, MAX_RETRY_MS))
  setTimeout(again, retryMs).unref()
}

/** @returns false if the operating system refused, as it does while too many files are open */
async function orLater(step: () => Promise<void>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    if (errnoOf(error) === undefined && !isMeshyError(error)) throw error
    return false
  }
}

/** The pattern of guard names: lease, token of its holder, number. */
export const GUARD_NAME = /^[\w-]+\.[\w-]+\.\d+$/

interface Taker {
  me: Holder
  /** How long a guard may be silent whose holder is out of sight. */
  staleMs: number
  now: number
  link: LinkFile | undefined
}

/**
 * Removes a lease whose holder is gone, and no other.
 *
 * Several waiters find it at once, and the slowest must not remove the lease that the fastest has created since. So
 * there is a guard, created exclusively and named after the lost lease. A lease that is gone never comes back; whoever
 * has its guard and still finds its text may therefore remove it. A guard whose creator died in between is succeeded by
 * one with the next number, and never removed before the lease.
 *
 * @returns false if someone else is doing it.
 */
export async function removeLostLease(file: string, lost: FoundLease, taker: Taker): Promise<boolean> {
  const name = lost.holder?.token ?? `unreadable-${Math.trunc(lost.mtimeMs)}`
  for (let number = 1; ; number++) {
    const guard = `${file}.${name}.${number}`
    const handle = await createLease(guard, taker.me, taker.link)
    if (handle) {
      await handle.close()
      await removeGuarded(file, lost).finally(() => removeGuards(`${file}.${name}`, number))
      return true
    }
    if (await isAtWork(guard, taker)) return false
  }
}

async function removeGuarded(file: string, lost: FoundLease): Promise<void> {
  const found = await readLease(file)
  if (found?.text === lost.text) await rm(file, { force: true })
}

/** Whether the holder of a lease is alive, if that is visible from here. */
export function livenessOfHolder(holder: Holder | undefined): Liveness {
  if (!holder) return 'unknown'
  const self = currentProcess()
  const isHere = holder.pid === self.pid && holder.born === self.born && holder.host === self.host
  if (isHere && holder.thread === threadId) return ownLeases().has(holder.token) ? 'alive' : 'gone'
  const liveness = livenessOf(holder, self)
  // The process of a terminated worker thread continues to live.
  return liveness === 'alive' && holder.thread !== 0 ? 'unknown' : liveness
}

async function isAtWork(guard: string, { staleMs, now }: Taker): Promise<boolean> {
  const found = await readLease(guard)
  // It has just finished.
  if (!found) return true
  const liveness = livenessOfHolder(found.holder)
  return liveness === 'alive' || (liveness === 'unknown' && now - found.mtimeMs < staleMs)
}

async function removeGuards(name: string, count: number): Promise<void> {
  for (let number = count; number > 0; number--) await rm(`${name}.${number}`, { force: true })
}
