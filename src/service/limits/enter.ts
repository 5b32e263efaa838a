import type PQueue from 'p-queue'
import { ownSignal } from '../../system/clock.ts'

export interface EnterOptions {
  /** Higher goes first; 0 when left out. */
  priority?: number | undefined
  /** Gives up the place in the queue. What has started has to heed its signal by itself. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `work` when the queue lets it in.
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
