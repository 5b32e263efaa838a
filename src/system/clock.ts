import { setTimeout as delay } from 'node:timers/promises'

/** Time, injected: nothing else reads the wall clock or sleeps. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that nobody can set. */
  elapsed?(): number
  /** Resolves after `ms`; rejects with the reason of `signal` if that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
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

/** For measuring how long something takes, in milliseconds, whatever sets the time meanwhile. */
export function elapsedAt(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now()
}

/**
 * Returns how long ago now was, in milliseconds, for what must not be trusted any more: the time of a machine may be set
 * back, and the clock that nobody can set stands still while the machine sleeps.
 */
export function ageFromNow(clock: Clock): () => number {
  const [now, elapsed] = [clock.now(), elapsedAt(clock)]
  return () => Math.max(clock.now() - now, elapsedAt(clock) - elapsed)
}

/**
 * A signal that follows another one, for a single listener.
 *
 * Everything in a run waits on the same signal, and Node warns of a leak from the eleventh listener on.
 */
export function ownSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return signal && AbortSignal.any([signal])
}

/** Aborts its signal unless it is fed in time. */
export interface Watchdog {
  /** Aborted when the time is up, or when the outer signal is aborted. */
  signal: AbortSignal
  /** Whether the time was up first. */
  timedOut(): boolean
  /** Restarts the timer. */
  feed(): void
  /** Must be called at the end; otherwise the timer would keep the process alive. */
  stop(): void
}

/** A watchdog that aborts if `ms` pass without a call of `feed`. */
export function createWatchdog(clock: Clock, ms: number, outer?: AbortSignal): Watchdog {
  const bark = new AbortController()
  const rest = new AbortController()
  let fed = elapsedAt(clock)

  const watch = async () => {
    for (let left = ms; left > 0; left = fed + ms - elapsedAt(clock)) await clock.sleep(left, rest.signal)
    bark.abort(new DOMException(`Nothing was received for ${ms} ms.`, 'TimeoutError'))
  }
  // Only `stop` ends the sleep early, and then nobody waits for the result.
  watch().catch(() => undefined)

  return {
    signal: outer ? AbortSignal.any([outer, bark.signal]) : bark.signal,
    timedOut: () => bark.signal.aborted,
    feed() {
      fed = elapsedAt(clock)
    },
    stop: () => rest.abort(),
  }
}
