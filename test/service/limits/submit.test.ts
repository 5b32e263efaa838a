import { describe, expect, it, vi } from 'vitest'
import { MeshyError } from '../../../src/system/errors.ts'
import { createLimits, type SlotSubmission } from '../../../src/service/limits/limits.ts'
import { createSchedule } from '../../../src/service/limits/retry.ts'
import { useFakeTime } from './fake-time.ts'

const clock = useFakeTime()

const refusal = (limit: 'rate' | 'queue', retryAfterMs?: number) =>
  new MeshyError(limit === 'queue' ? 'MESHY_API_QUEUE_FULL' : 'MESHY_API_RATE_LIMITED', {
    message: 'No.',
    hint: 'Wait.',
    details: { method: 'POST', outcome: 'refused', status: 429, limit, retryAfterMs },
  })
const lost = new MeshyError('MESHY_API_NETWORK', {
  message: 'Gone.',
  hint: 'Look.',
  details: { method: 'POST', outcome: 'unknown' },
})

/** Throws each of these in turn, then answers. */
function post(...errors: Error[]) {
  const times: number[] = []
  const send = () => {
    times.push(Date.now())
    const error = errors.shift()
    return error ? Promise.reject(error) : Promise.resolve('task-1')
  }
  return { times, send }
}

/** Submits from inside a slot, as it must be. */
function submitInSlot(send: () => Promise<string>, options: SlotSubmission<string>) {
  const limits = makeLimits()
  return limits.slot(() => limits.submit(send, options))
}

const makeLimits = () => createLimits({ requestsPerSecond: 20, concurrency: 8, clock })

describe('submit', () => {
  it('waits for a place as often as it takes', async () => {
    const { send, times } = post(...Array.from({ length: 12 }, () => refusal('queue')))
    const onFull = vi.fn<() => void>()

    const id = submitInSlot(send, { timeoutMs: 1_200_000, onFull })
    await vi.runAllTimersAsync()

    expect(await id).toBe('task-1')
    expect(times.slice(0, 5)).toEqual([0, 5000, 12_500, 23_750, 40_625])
    expect(onFull).toHaveBeenCalledTimes(12)
  })

  it('throws that the queue is full when time is up', async () => {
    const { send, times } = post(...Array.from({ length: 99 }, () => refusal('queue')))

    const id = submitInSlot(send, { timeoutMs: 20_000 })
    const thrown = expect(id).rejects.toMatchObject({ code: 'MESHY_API_QUEUE_FULL' })
    await vi.runAllTimersAsync()
    await thrown

    expect(times).toEqual([0, 5000, 12_500, 23_750])
  })

  it('throws every other error at once', async () => {
    const { send, times } = post(lost)

    await expect(submitInSlot(send, { timeoutMs: 20_000 })).rejects.toBe(lost)
    expect(times).toHaveLength(1)
  })

  it('throws the reason of the signal when it is aborted while it waits', async () => {
    const { send } = post(refusal('queue'))
    const stop = new AbortController()

    const id = submitInSlot(send, { timeoutMs: 20_000, signal: stop.signal })
    const thrown = expect(id).rejects.toThrow('stopped')
    await vi.advanceTimersByTimeAsync(1)
    stop.abort(new Error('stopped'))

    await thrown
  })
})

describe('createSchedule', () => {
  const make = () => createSchedule({ limits: makeLimits(), clock, random: () => 1 })

  it('repeats what came too fast, and slows down', async () => {
    const { send, times } = post(refusal('rate'), refusal('rate', 5000))

    const id = make()(send, { method: 'POST' })
    await vi.runAllTimersAsync()

    expect(await id).toBe('task-1')
    expect(times).toEqual([0, 1000, 6000])
  })

  it('never repeats a paid call that may have arrived', async () => {
    const { send, times } = post(lost)

    await expect(make()(send, { method: 'POST' })).rejects.toBe(lost)
    expect(times).toEqual([0])
  })

  it('leaves failures to the caller when asked to send once', async () => {
    const { send, times } = post(refusal('rate'))

    await expect(make()(send, { method: 'GET', once: true })).rejects.toMatchObject({
      code: 'MESHY_API_RATE_LIMITED',
    })
    expect(times).toEqual([0])
  })

  it('throws what is no failure of the API', async () => {
    const bug = new TypeError('undefined is not a function')

    await expect(make()(() => Promise.reject(bug), { method: 'GET' })).rejects.toBe(bug)
  })

  it('throws the reason of the signal when it is aborted during a pause', async () => {
    const { send, times } = post(refusal('rate'))
    const stop = new AbortController()

    const id = make()(send, { method: 'GET', signal: stop.signal })
    const thrown = expect(id).rejects.toThrow('stopped')
    await vi.advanceTimersByTimeAsync(500)
    stop.abort(new Error('stopped'))

    await thrown
    expect(times).toEqual([0])
  })

  it('sends submissions before reads', async () => {
    const schedule = make()
    const order: string[] = []
    const note = (name: string) => () => Promise.resolve(order.push(name))

    const all = Promise.all([
      schedule(note('read 1'), { method: 'GET' }),
      schedule(note('read 2'), { method: 'GET' }),
      schedule(note('submission'), { method: 'POST' }),
    ])
    await vi.runAllTimersAsync()
    await all

    expect(order).toEqual(['read 1', 'submission', 'read 2'])
  })
})
