import { type Clock, ownSignal } from '../../src/system/clock.ts'
import type { Fetch } from '../../src/system/fetch.ts'

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

export interface SlowFetch {
  clock: ManualClock
  /** Between two chunks, in milliseconds. */
  ms: number
  chunks: readonly (string | Buffer)[]
  headers?: Record<string, string>
}

/** A `fetch` whose body comes chunk by chunk, each a while after the other, until its signal is aborted. */
export function slowFetch({ clock, ms, chunks, headers = {} }: SlowFetch): Fetch {
  return (_input, init) => {
    const left = chunks.map((chunk) => new Uint8Array(Buffer.from(chunk)))
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      await clock.advance(ms)
      const chunk = left.shift()
      if (init?.signal?.aborted) controller.error(init.signal.reason)
      else if (chunk) controller.enqueue(chunk)
      else controller.close()
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    return Promise.resolve(new Response(body, { headers }))
  }
}
