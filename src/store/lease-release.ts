import { rm, type FileHandle } from 'node:fs/promises'
import { isMeshyError, errnoOf } from '../system/errors.ts'

export interface HeldLease {
  handle: FileHandle
  /** Whether the file still says that it is ours. */
  isHeld(): Promise<boolean>
}

const RETRY_MS = 250
const MAX_RETRY_MS = 5_000

/**
 * Gives a lease back. What was done under it is done, so nothing that the operating system says now may be told in its
 * place: the file is removed later, as soon as that works. Until then others wait for this process, as long as it lives.
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
  // It must not keep a process alive: the lease of an ended one is lost anyway.
  const again = () => void removeSoon(file, held, Math.min(retryMs * 2, MAX_RETRY_MS))
  setTimeout(again, retryMs).unref()
}

/** @returns false when the operating system refused, as it does while too many files are open */
async function orLater(step: () => Promise<void>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    if (errnoOf(error) === undefined && !isMeshyError(error)) throw error
    return false
  }
}
