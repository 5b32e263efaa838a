import type { Clock } from './clock.ts'

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
  let fed = clock.now()

  const watch = async () => {
    for (let left = ms; left > 0; left = fed + ms - clock.now()) await clock.sleep(left, rest.signal)
    bark.abort(new DOMException(`Nothing was received for ${ms} ms.`, 'TimeoutError'))
  }
  // Only `stop` ends the sleep early, and then nobody waits for the result.
  watch().catch(() => undefined)

  return {
    signal: outer ? AbortSignal.any([outer, bark.signal]) : bark.signal,
    timedOut: () => bark.signal.aborted,
    feed() {
      fed = clock.now()
    },
    stop: () => rest.abort(),
  }
}
