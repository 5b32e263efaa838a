import { createHash } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEmulator, type FaultRule, type StartOptions } from '../../src/emulator.ts'
import { createClient } from '../../src/service/client.ts'
import { download } from '../../src/service/download.ts'
import { watchTask } from '../../src/service/watch.ts'
import { createLimits } from '../../src/service/limits/limits.ts'
import { createSchedule } from '../../src/service/limits/retry.ts'
import { systemClock as clock } from '../../src/system/clock.ts'

/** One grey pixel. */
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

interface Crowd {
  count: number
  concurrency?: number
  requestsPerSecond?: number
}

/** Makes so many models as a build does: pace, slots, submission, stream, download. */
async function makeModels(emulator: Awaited<ReturnType<typeof startEmulator>>, crowd: Crowd) {
  const { count, concurrency = 8, requestsPerSecond = 18 } = crowd
  const limits = createLimits({ requestsPerSecond, concurrency, clock })
  const schedule = createSchedule({ limits, clock, random: Math.random })
  const client = createClient({ baseUrl: emulator.url, apiKey: emulator.apiKey, fetch, clock, schedule })
  const kind = 'image-to-3d'
  const makeOne = async () => {
    const task = await limits.slot(async () => {
      const post = () => client.create(kind, { image_url: PICTURE, should_texture: true })
      const { id } = await limits.submit(post, { timeoutMs: 60_000 })
      return watchTask(client, kind, id, { clock, timeoutMs: 60_000 })
    })
    return download(task.urls.glb ?? '', {
      toldBy: emulator.url,
      fetch,
      clock,
      refresh: async () => (await client.retrieve(kind, task.id)).urls.glb ?? '',
      sink: async (bytes) => {
        const hash = createHash('sha256')
        for await (const chunk of bytes) hash.update(chunk)
        return hash.digest('hex')
      },
    })
  }
  return Promise.all(Array.from({ length: count }, makeOne))
}

async function start(options: StartOptions) {
  const emulator = await startEmulator({ models: 'card', ...options })
  onTestFinished(() => emulator.close())
  return emulator
}

describe('a crowd of tasks', () => {
  it('is never refused when the account has room', async () => {
    const emulator = await start({ taskMs: 500, slots: 10, requestsPerSecond: 20 })

    const models = await makeModels(emulator, { count: 24, concurrency: 10 })

    expect(models).toHaveLength(24)
    expect(emulator.counts).toMatchObject({ posts: 24, created: 24, limited: 0 })
  })

  it('comes through when others hold most of the account', async () => {
    const emulator = await start({ taskMs: 300, slots: 2 })

    const models = await makeModels(emulator, { count: 8 })

    expect(models).toHaveLength(8)
    expect(emulator.counts.created).toBe(8)
  })

  it('comes through when the account allows fewer requests than we think', async () => {
    const emulator = await start({ taskMs: 100, requestsPerSecond: 10 })

    await makeModels(emulator, { count: 16, requestsPerSecond: 40 })

    expect(emulator.counts.created).toBe(16)
    expect(emulator.counts.limited).toBeGreaterThan(0)
  })

  it.each<[string, FaultRule]>([
    ['the stream breaks', { kind: 'streamReset' }],
    ['the stream holds garbage', { kind: 'streamGarbage' }],
    ['the stream tells an error', { kind: 'streamError' }],
    ['the file breaks off', { kind: 'assetReset', nth: 1 }],
    ['the address has expired', { kind: 'expiredUrl', nth: 1 }],
    ['a page comes for the file', { kind: 'htmlAsset', nth: 1 }],
    ['the file is redirected', { kind: 'assetRedirect', nth: 1 }],
  ])('is paid once when %s', async (_, fault) => {
    const emulator = await start({ taskMs: 100, faults: [fault] })

    const models = await makeModels(emulator, { count: 2 })

    expect(new Set(models).size).toBe(1)
    expect(emulator.counts).toMatchObject({ posts: 2, created: 2 })
    expect(emulator.requests.filter(({ origin, authorized }) => origin === 'assets' && authorized)).toEqual(
      [],
    )
  })
})
