import { systemClock } from '../../src/system/clock.ts'
import type { Clock } from '../../src/system/clock.ts'

/** The system clock, so many times faster: minutes of waiting pass in moments, and real events still order them. */
export function fastClock(factor: number): Clock {
  const start = Date.now()
  return {
    now: () => start + (Date.now() - start) * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  }
}
