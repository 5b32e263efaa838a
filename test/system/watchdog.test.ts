import { describe, expect, it, vi } from 'vitest'
import { createWatchdog } from '../../src/system/clock.ts'
import { useFakeTime } from '../service/limits/fake-time.ts'

const clock = useFakeTime()

describe('createWatchdog', () => {
  it('barks when it is not fed in time', async () => {
    const dog = createWatchdog(clock, 1000)

    await vi.advanceTimersByTimeAsync(999)
    expect(dog.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)

    expect(dog.timedOut()).toBe(true)
    expect(dog.signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('waits anew each time it is fed', async () => {
    const dog = createWatchdog(clock, 1000)

    for (let index = 0; index < 5; index += 1) {
      await vi.advanceTimersByTimeAsync(900)
      dog.feed()
    }
    expect(dog.timedOut()).toBe(false)
    await vi.advanceTimersByTimeAsync(1000)

    expect(dog.timedOut()).toBe(true)
  })

  it('keeps no timer once stopped', async () => {
    const dog = createWatchdog(clock, 1000)

    dog.stop()

    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(5000)
    expect(dog.timedOut()).toBe(false)
  })

  it('passes on the reason of the outer signal', () => {
    const stop = new AbortController()
    const dog = createWatchdog(clock, 1000, stop.signal)

    stop.abort('stopped')

    expect(dog.signal.reason).toBe('stopped')
    expect(dog.timedOut()).toBe(false)
    dog.stop()
  })
})
