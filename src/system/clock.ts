import { setTimeout as delay } from 'node:timers/promises'

/** Time, injected: nothing else reads the wall clock or sleeps. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that nobody can set. @default that of the process */
  elapsed?(): number
  /** Resolves after `ms`; rejects with the reason of `signal` if that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    try {
      const own = ownSignal(signal)
      await delay(ms, undefined, own ? { signal: own } : undefined)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

/**
 * A signal that follows another one, for a single listener.
 *
 * Everything in a run waits on the same signal, and Node warns of a leak from the eleventh listener on.
 */
export function ownSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return signal && AbortSignal.any([signal])
}
