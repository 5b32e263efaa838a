import type { Clock } from '../../src/system/clock.ts'
import { ownSignal } from '../../src/system/own-signal.ts'

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets time pass, and whoever sleeps until then go on. */
  advance(ms: number): Promise<void>
}

export function manualClock(): ManualClock {
  let now = 0
  const sleepers = new Set<{ until: number; wake: () => void }>()
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const own = ownSignal(signal)
        const sleeper = { until: now + ms, wake: resolve }
        sleepers.add(sleeper)
        own?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          reject(own.reason)
        })
      }),
    async advance(ms) {
      now += ms
      for (const sleeper of [...sleepers].filter(({ until }) => until <= now)) {
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      // What was woken gets to its next sleep.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** A body whose chunks come so many milliseconds apart. */
export function slowBody(
  clock: ManualClock,
  ms: number,
  chunks: (string | Buffer)[],
): ReadableStream<Uint8Array> {
  const left = chunks.map((chunk) => new Uint8Array(Buffer.from(chunk)))
  return new ReadableStream(
    {
      async pull(controller) {
        await clock.advance(ms)
        const chunk = left.shift()
        if (chunk) controller.enqueue(chunk)
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
