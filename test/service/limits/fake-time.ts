import { afterEach, beforeEach, vi } from 'vitest'
import { type Clock, ownSignal } from '../../../src/system/clock.ts'

/** Puts every test of a file on fake timers, starting at 0. */
export function useFakeTime(): Clock {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())
  return {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const own = ownSignal(signal)
        own?.throwIfAborted()
        const timer = setTimeout(resolve, ms)
        own?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(own.reason)
        })
      }),
  }
}
