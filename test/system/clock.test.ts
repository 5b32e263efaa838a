import { describe, expect, it, onTestFinished } from 'vitest'
import { createWatchdog, systemClock } from '../../src/system/clock.ts'

describe('systemClock', () => {
  it('throws the reason of the signal when it is aborted before or during a sleep', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')

    const sleep = systemClock.sleep(60_000, stop.signal)
    stop.abort(reason)

    await expect(sleep).rejects.toBe(reason)
    await expect(systemClock.sleep(60_000, stop.signal)).rejects.toBe(reason)
  })

  it('makes Node warn of no leak when many sleep by one signal', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const stop = new AbortController()

    const sleeps = Promise.allSettled(
      Array.from({ length: 20 }, () => systemClock.sleep(60_000, stop.signal)),
    )
    stop.abort()
    await sleeps
    await new Promise((resolve) => setImmediate(resolve))

    expect(warnings).toEqual([])
  })
})

describe('createWatchdog', () => {
  it('barks after a silence, although the time of the machine is set back meanwhile', async () => {
    let back = 0
    const clock = { ...systemClock, now: () => Date.now() - back }
    const watchdog = createWatchdog(clock, 20)
    onTestFinished(watchdog.stop)

    back = 3_600_000

    await expect.poll(() => watchdog.timedOut(), { timeout: 10_000 }).toBe(true)
  })
})
