import { describe, expect, it, vi } from 'vitest'
import { Pace } from '../../../src/service/limits/pace.ts'
import { Slots } from '../../../src/service/limits/limits.ts'
import { useFakeTime } from './fake-time.ts'

const clock = useFakeTime()

/** Notes when each request starts. */
function recorder(pace: Pace) {
  const starts: [name: string, at: number][] = []
  const send = (name: string, options = {}) =>
    pace.run(() => {
      starts.push([name, Date.now()])
      return Promise.resolve()
    }, options)
  return { starts, send, times: () => starts.map(([, at]) => at) }
}

describe('Pace', () => {
  const make = () => new Pace({ requestsPerSecond: 20, clock })

  it('starts requests evenly spaced, however many arrive at once', async () => {
    const { send, times } = recorder(make())

    const all = Promise.all(Array.from({ length: 60 }, (_, index) => send(String(index))))
    await vi.runAllTimersAsync()
    await all

    expect(times()).toEqual(Array.from({ length: 60 }, (_, index) => index * 50))
  })

  it('starts a late crowd evenly spaced as well', async () => {
    const { send, times } = recorder(make())

    void send('first')
    await vi.advanceTimersByTimeAsync(990)
    const all = Promise.all([1, 2, 3].map((index) => send(String(index))))
    await vi.runAllTimersAsync()
    await all

    expect(times()).toEqual([0, 990, 1040, 1090])
  })

  it('goes on when the time of the machine is set back', async () => {
    const pace = new Pace({ requestsPerSecond: 20, clock: { ...clock, elapsed: () => performance.now() } })
    const { send, starts } = recorder(pace)
    pace.slowDown(500)

    const all = Promise.all(['first', 'second', 'third'].map((name) => send(name)))
    await vi.advanceTimersByTimeAsync(10)
    vi.setSystemTime(-3_600_000)
    await vi.advanceTimersByTimeAsync(1_000)
    await all

    expect(starts.map(([name]) => name)).toEqual(['first', 'second', 'third'])
  })

  it('does not wait for answers', async () => {
    const pace = make()
    const starts: number[] = []
    const never = () => {
      starts.push(Date.now())
      return new Promise<void>(() => {})
    }

    for (let index = 0; index < 3; index += 1) void pace.run(never)
    await vi.advanceTimersByTimeAsync(1000)

    expect(starts).toEqual([0, 50, 100])
  })

  it('lets the urgent ones go first', async () => {
    const { send, starts } = recorder(make())

    const all = Promise.all([
      send('read 1'),
      send('read 2'),
      send('read 3'),
      send('post 1', { priority: 1 }),
      send('post 2', { priority: 1 }),
    ])
    await vi.runAllTimersAsync()
    await all

    expect(starts.map(([name]) => name)).toEqual(['read 1', 'post 1', 'post 2', 'read 2', 'read 3'])
  })

  it('pauses and goes on at half the speed for a while after a refusal', async () => {
    const pace = make()
    const { send, times } = recorder(pace)

    await send('refused')
    pace.slowDown()
    const all = Promise.all([1, 2, 3, 4].map((index) => send(String(index))))
    expect(pace.isSlow).toBe(true)
    await vi.runAllTimersAsync()
    await all

    expect(times()).toEqual([0, 1000, 1100, 1200, 1300])

    await vi.advanceTimersByTimeAsync(20_000)
    const later = Promise.all([5, 6].map((index) => send(String(index))))
    await vi.runAllTimersAsync()
    await later
    const [fifth = 0, sixth] = times().slice(5)
    expect(sixth).toBe(fifth + 50)
    expect(pace.isSlow).toBe(false)
  })

  it('pauses for as long as the server asks, but not for ever', async () => {
    const pace = make()
    const { send, times } = recorder(pace)

    pace.slowDown(4000)
    const first = send('a')
    await vi.runAllTimersAsync()
    await first
    pace.slowDown(3_600_000)
    const second = send('b')
    await vi.runAllTimersAsync()
    await second

    expect(times()).toEqual([4000, 64_000])
  })

  it('keeps no timer when nobody waits, and still keeps the pause', async () => {
    const pace = make()
    const { send, times } = recorder(pace)

    await send('refused')
    pace.slowDown(9000)
    const given = new AbortController()
    const waiting = expect(send('given up', { signal: given.signal })).rejects.toThrow('stopped')
    given.abort(new Error('stopped'))
    await waiting
    await vi.advanceTimersByTimeAsync(100)
    expect(vi.getTimerCount()).toBe(0)

    const late = send('late')
    await vi.runAllTimersAsync()
    await late
    expect(times()).toEqual([0, 9000])
  })

  it('keeps the pause when the next request comes in the same moment', async () => {
    const pace = make()
    const { send, times } = recorder(pace)

    const all = pace
      .run(() => {
        pace.slowDown(9000)
        return Promise.resolve()
      })
      .then(() => send('next'))
    await vi.runAllTimersAsync()
    await all

    expect(times()).toEqual([9000])
  })

  it('gives up a place in the queue when the signal is aborted, but not an answer on its way', async () => {
    const pace = make()
    const stop = new AbortController()
    let answer = (_id: string) => {}
    const sent = pace.run(() => new Promise<string>((resolve) => (answer = resolve)), {
      signal: stop.signal,
    })
    const queued = pace.run(() => Promise.resolve('never'), { signal: stop.signal })
    const gone = expect(queued).rejects.toThrow('stopped')

    stop.abort(new Error('stopped'))
    await gone
    answer('task-1')

    expect(await sent).toBe('task-1')
    await expect(pace.run(() => Promise.resolve(), { signal: stop.signal })).rejects.toThrow('stopped')
  })
})

const ROUND_TRIP = 10

/** A service that takes so many tasks at once, some of them other people's. */
class Service {
  readonly slots: Slots
  readonly starts: [name: string, at: number][] = []
  refusals: number[] = []
  free: number

  constructor(concurrency: number, free: number) {
    this.slots = new Slots({ concurrency, clock })
    this.free = free
  }

  /** Runs a task of `ms` from its submission to its end. */
  run(name: string, ms: number, signal?: AbortSignal): Promise<void> {
    const whole = async () => {
      while (!(await this.#submit())) await this.slots.refused(signal)
      this.slots.accepted()
      this.starts.push([name, Date.now() - ROUND_TRIP])
      await clock.sleep(ms - ROUND_TRIP, signal)
      this.free += 1
    }
    return this.slots.run(whole, signal)
  }

  runAll(count: number, ms: number): Promise<void[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => this.run(String(index), ms)))
  }

  times(): number[] {
    return this.starts.map(([, at]) => at)
  }

  names(): string {
    return this.starts.map(([name]) => name).join('')
  }

  async #submit(): Promise<boolean> {
    const at = Date.now()
    await clock.sleep(ROUND_TRIP)
    if (this.free === 0) this.refusals.push(at)
    else this.free -= 1
    return this.refusals.at(-1) !== at
  }
}

describe('Slots', () => {
  it('runs so many tasks at once, without a refusal when the service takes as many', async () => {
    const service = new Service(3, 3)

    const all = service.runAll(7, 10_000)
    await vi.advanceTimersByTimeAsync(1)
    expect(service.slots).toMatchObject({ size: 3, running: 3, waiting: 4 })
    await vi.runAllTimersAsync()
    await all

    expect(service.times()).toEqual([0, 0, 0, 10_000, 10_000, 10_000, 20_000])
    expect(service.refusals).toEqual([])
  })

  it('shrinks to what the service takes, and starts the next when one ends', async () => {
    const service = new Service(4, 2)

    const all = service.runAll(6, 4000)
    await vi.advanceTimersByTimeAsync(11)
    expect(service.slots).toMatchObject({ size: 2, running: 2, waiting: 4 })
    await vi.runAllTimersAsync()
    await all

    expect(service.times()).toEqual([0, 0, 4000, 4000, 8000, 8000])
    expect(service.names()).toBe('012345')
    expect(service.refusals).toEqual([0, 0, 5010])
  })

  it('tries one more from time to time when others hold every place, ever more seldom', async () => {
    const service = new Service(4, 0)

    const all = service.runAll(3, 90_000)
    await vi.advanceTimersByTimeAsync(36_000)
    expect(service.refusals).toEqual([0, 0, 0, 5010, 12_510, 23_760])
    service.free = 3
    await vi.runAllTimersAsync()
    await all

    expect(service.times()).toEqual([40_635, 40_645, 40_655])
    expect(service.names()).toBe('012')
  })

  it('tries often again after a success', async () => {
    const service = new Service(4, 0)

    const all = service.runAll(3, 90_000)
    await vi.advanceTimersByTimeAsync(13_000)
    service.free = 1
    await vi.advanceTimersByTimeAsync(18_000)

    expect(service.times()).toEqual([23_760])
    expect(service.refusals.slice(5)).toEqual([23_770, 28_770])
    service.free = 2
    await vi.runAllTimersAsync()
    await all
  })

  it('grows again when others leave, also for tasks that never tried', async () => {
    const service = new Service(4, 1)

    const all = service.runAll(8, 60_000)
    await vi.advanceTimersByTimeAsync(1000)
    expect(service.slots).toMatchObject({ size: 1, running: 1, waiting: 7 })
    service.free += 9
    await vi.advanceTimersByTimeAsync(6000)

    expect(service.times()).toEqual([0, 5010, 5020, 5030])
    expect(service.slots).toMatchObject({ size: 4, running: 4, waiting: 4 })
    await vi.runAllTimersAsync()
    await all
    expect(service.refusals).toEqual([0, 0, 0])
  })

  it('looks for room by itself when nothing that was refused is left', async () => {
    const service = new Service(2, 1)
    const stop = new AbortController()
    const first = service.run('first', 60_000)
    const gone = expect(service.run('gone', 1000, stop.signal)).rejects.toThrow('stopped')
    await vi.advanceTimersByTimeAsync(100)
    stop.abort(new Error('stopped'))
    await gone

    const second = service.run('second', 60_000)
    service.free = 1
    await vi.runAllTimersAsync()
    await Promise.all([first, second])

    expect(service.starts).toEqual([
      ['first', 0],
      ['second', 5100],
    ])
  })

  it('starts afresh when nothing was left to do', async () => {
    const service = new Service(3, 1)
    const first = service.runAll(3, 1000)
    await vi.runAllTimersAsync()
    await first
    service.free = 3

    expect(service.slots.size).toBe(3)
    const second = service.runAll(3, 1000)
    const start = Date.now()
    await vi.runAllTimersAsync()
    await second

    expect(service.times().slice(3)).toEqual([start, start, start])
  })

  it('lets others in when a refused submission is given up', async () => {
    const service = new Service(1, 0)
    const stop = new AbortController()
    const first = service.run('first', 1000, stop.signal)
    const second = service.run('second', 1000)
    const gone = expect(first).rejects.toThrow('stopped')

    await vi.advanceTimersByTimeAsync(100)
    stop.abort(new Error('stopped'))
    await gone
    service.free = 1
    await vi.runAllTimersAsync()
    await second

    expect(service.starts.map(([name]) => name)).toEqual(['second'])
  })

  it('keeps no timer when every refused submission is given up', async () => {
    const service = new Service(2, 0)
    const stop = new AbortController()
    const all = [1, 2, 3].map((index) =>
      expect(service.run(String(index), 1000, stop.signal)).rejects.toThrow('stopped'),
    )

    await vi.advanceTimersByTimeAsync(100)
    stop.abort(new Error('stopped'))
    await Promise.all(all)
    await vi.advanceTimersByTimeAsync(0)

    expect(vi.getTimerCount()).toBe(0)
  })

  it('passes on what a task throws, and lets the next one in', async () => {
    const service = new Service(1, 1)
    const failing = service.slots.run(() => Promise.reject(new Error('failed')))
    const next = service.run('next', 1000)

    await expect(failing).rejects.toThrow('failed')
    await vi.runAllTimersAsync()
    await next

    expect(service.times()).toEqual([0])
  })
})
