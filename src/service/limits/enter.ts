import type PQueue from 'p-queue'
import { ownSignal } from '../../system/clock.ts'

export interface EnterOptions {
  /** Higher goes first; 0 by default. */
  priority?: number | undefined
  /** Aborting it gives up the place in the queue. Work that has started must watch its own signal. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `work` once the queue lets it in.
 *
 * The library would also drop the result of running work when the signal is aborted; the answer to a paid request must
 * not be lost to that race.
 */
export async function enter<T>(
  queue: PQueue,
  work: () => Promise<T>,
  { priority = 0, signal }: EnterOptions,
): Promise<T> {
  signal?.throwIfAborted()
  const own = ownSignal(signal)
  const waiting = new AbortController()
  const leave = () => waiting.abort(own?.reason)
  const stopWaiting = () => own?.removeEventListener('abort', leave)
  own?.addEventListener('abort', leave, { once: true })
  try {
    const start = () => {
      stopWaiting()
      return work()
    }
    return await queue.add(start, { priority, signal: waiting.signal })
  } finally {
    stopWaiting()
  }
}
