import { systemClock, type Clock } from '../../src/system/clock.ts'

/**
 * The system clock, whose sleeps are so many times shorter. The time itself is right, so that it can be compared with
 * that of a server.
 */
export function hurriedClock(factor = 20): Clock {
  return {
    now: () => Date.now(),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  }
}
