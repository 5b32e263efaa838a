import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/system/transfer.ts'
import { Fuse } from '../../../src/store/shared/open-team-store.ts'

const down = () => Promise.reject(new Fault('transient', 'answered 503'))
const tooSlow = new Fault('slow', 'was too slow')
const broken = new Fault('transient', 'could not be reached')
const slow = () => Promise.reject(tooSlow)
const denied = () => Promise.reject(new Fault('refused', 'answered 403'))
const outcome = (asked: Promise<unknown>) => asked.then(String, (error: Error) => error.message)

describe('Fuse', () => {
  it('asks a store no more after three failures in a row', async () => {
    const fuse = new Fuse()
    let asked = 0
    const ask = () => {
      asked += 1
      return down()
    }

    for (let count = 0; count < 5; count += 1) await outcome(fuse.guard(ask))

    expect(asked).toBe(3)
    expect(await outcome(fuse.guard(async () => 'asked'))).toBe('answered 503')
  })

  it('counts slowness like any other failure', async () => {
    const fuse = new Fuse()

    for (const ask of [slow, slow]) await outcome(fuse.guard(ask))
    expect(fuse.mayRepeat(broken)).toBe(true)
    await outcome(fuse.guard(slow))

    expect(await outcome(fuse.guard(async () => 'asked'))).toBe('was too slow')
  })

  it('gives time twice only while no failure stands before', async () => {
    const fuse = new Fuse()
    const may = () => [fuse.mayRepeat(tooSlow), fuse.mayRepeat(broken)]
    expect(may()).toEqual([true, true])

    await outcome(fuse.guard(slow))
    expect(may()).toEqual([false, true])
    await outcome(fuse.guard(async () => 'here'))
    expect(may()).toEqual([true, true])
    for (const ask of [down, down, down]) await outcome(fuse.guard(ask))

    expect(may()).toEqual([false, false])
  })

  it('forgets failures when an answer comes between them', async () => {
    const fuse = new Fuse()

    for (const ask of [down, down, async () => 'here', down, down]) await outcome(fuse.guard(ask))

    expect(await outcome(fuse.guard(async () => 'asked'))).toBe('asked')
  })

  it('takes a refusal for an answer', async () => {
    const fuse = new Fuse()

    for (let count = 0; count < 5; count += 1) await outcome(fuse.guard(denied))

    expect(await outcome(fuse.guard(async () => 'asked'))).toBe('asked')
  })
})
