import { rm } from 'node:fs/promises'
import { threadId } from 'node:worker_threads'
import { currentProcess, livenessOf, type Liveness } from '../system/process.ts'
import { createLease, readLease, ownLeases } from './lease-file.ts'
import type { FoundLease, Holder, LinkFile } from './lease-file.ts'

/** The pattern of guard names: lease, token of its holder, number. */
export const GUARD_NAME = /^[\w-]+\.[\w-]+\.\d+$/

export interface Taker {
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
