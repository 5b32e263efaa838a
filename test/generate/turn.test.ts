import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { finishSharing } from '../../src/store/shared/shared-stores.ts'
import { accountDigest } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { withKeyLease } from '../../src/generate/turn.ts'
import { systemClock, type Clock } from '../../src/system/clock.ts'
import { spawnScript } from '../support/child.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { startAmazon } from '../store/shared/servers/amazon.ts'
import { type Gate, startGate } from '../support/gate.ts'
import { failureOf, loadRequest, openRun, type TestRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SUBJECT = { key: '0123456789abcdef', imageName: 'hero.png' }

describe('withKeyLease', () => {
  const { path } = useTempDir()

  it('says once for whom it waits when another process is at work', async () => {
    await mkdir(path('.meshy', 'leases'), { recursive: true })
    const lease = createLayout(path('.meshy')).lease(SUBJECT.key)
    const holder = spawnScript(new URL('../store/children/hold.ts', import.meta.url), [lease])
    await holder.line(/held/)
    const { context, told } = await openRun({ root: path(), tell: () => void holder.kill() })

    expect(await withKeyLease(context.ports, SUBJECT, async () => 'done')).toBe('done')

    expect(told).toEqual([expect.stringMatching(/hero\.png: process \d+ on .+ is working on it/)])
  }, 20_000)

  it('says nothing when this process itself is at work', async () => {
    const end = new AbortController()
    const ended = new Promise((resolve) => end.signal.addEventListener('abort', resolve))
    const sleep: Clock['sleep'] = async () => end.abort()
    const { context, told } = await openRun({ root: path(), clock: { ...systemClock, sleep } })

    const { next } = await withKeyLease(context.ports, SUBJECT, async () => {
      const second = withKeyLease(context.ports, SUBJECT, async () => 'done')
      await ended
      return { next: second }
    })

    expect(await next).toBe('done')
    expect(told).toEqual([])
  })
})

describe('withSharedLease', () => {
  const { path } = useTempDir()

  /** A run that has the lease of its key in the machine store when it reads its balance. */
  async function setUp(): Promise<{ run: TestRun; gate: Gate; lease: string; posts: () => number }> {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const gate = await startGate(service, onTestFinished)
    const run = await openRun({
      root: path(),
      service: { ...service, url: gate.url },
      options: { emulated: false, machineStore: path('store') },
    })
    const { key } = await loadRequest(run.context, path(), 'hero.png?meshy')
    const lease = createLayout(path('store')).lease(`${accountDigest(service.apiKey)}-${key}`)
    return { run, gate, lease, posts: () => service.counts.posts }
  }

  it('lets nothing be sent where another project has taken the lease over while this one hung', async () => {
    const { run, gate, lease, posts } = await setUp()
    gate.onRequest = async ({ path: called }) => {
      if (!called.endsWith('/balance')) return
      const holder = JSON.parse(await readFile(lease, 'utf8')) as object
      await writeFile(lease, JSON.stringify({ ...holder, token: 'f'.repeat(16) }))
    }

    expect((await failureOf(run.load('hero.png?meshy'))).code).toBe('MESHY_ABORTED')
    expect(posts()).toBe(0)
  })

  it('does not fail a run when somebody deletes the machine store', async () => {
    const { run, gate, posts } = await setUp()
    gate.onRequest = async ({ path: called }) => {
      if (called.endsWith('/balance')) await rm(path('store'), { recursive: true })
    }

    expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')
    expect(posts()).toBe(1)
  })
})

describe('withTeamLease', () => {
  const { path } = useTempDir()

  /** A run that holds the lease of its key in a bucket, and gives no sign of life for a while at one of its requests. */
  async function setUp(at: 'balance' | 'submission', meanwhile: (bucket: Bucket, key: string) => void) {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const bucket = await startAmazon({ list: true, remove: true })
    const gate = await startGate(service, onTestFinished)
    let late = 0
    const run = await openRun({
      root: path(),
      service: { ...service, url: gate.url },
      env: bucket.env,
      options: { emulated: false },
      clock: { ...hurriedClock(), elapsed: () => performance.now() + late },
    })
    const { key } = await loadRequest(run.context, path(), 'hero.png?meshy')
    gate.onRequest = ({ method, path: called }) => {
      if (late > 0 || !(at === 'balance' ? called.endsWith('/balance') : method === 'POST')) return
      late = 65_000
      meanwhile(bucket, key)
    }
    return { run, bucket, key, posts: () => service.counts.posts }
  }
  type Bucket = Awaited<ReturnType<typeof startAmazon>>
  const goDown = ({ state }: Bucket) => void (state.isDown = true)
  const loseLease = ({ objects }: Bucket, key: string) => {
    const lease = { holder: 'f'.repeat(16), account: 'abc' }
    objects.set(`leases/${key}.1`, Buffer.from(JSON.stringify(lease)))
  }

  it.each(['balance', 'submission'] as const)(
    'goes on after a silence in which nobody took it over: at the %s',
    async (at) => {
      const { run, bucket, key, posts } = await setUp(at, () => undefined)

      expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')

      expect(posts()).toBe(1)
      // Whoever was about to take it over has come too late.
      expect(bucket.objects.has(`leases/${key}.1`)).toBe(at === 'balance')
    },
  )

  it.each(['balance', 'submission'] as const)(
    'leaves it to the account who pays where the store is down: at the %s',
    async (at) => {
      const { run, posts } = await setUp(at, goDown)

      expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')

      await finishSharing(run.context.ports)
      expect(posts()).toBe(1)
      const complaints = run.told.filter((text) =>
        text.includes('the team store s3://bucket/game answered 503'),
      )
      expect(complaints).toHaveLength(1)
    },
  )

  it('lets nothing be sent where somebody in the team has taken it over', async () => {
    const { run, posts } = await setUp('balance', loseLease)

    expect((await failureOf(run.load('hero.png?meshy'))).code).toBe('MESHY_ABORTED')
    expect(posts()).toBe(0)
  })

  it('records what was paid for though somebody in the team has taken it over', async () => {
    const { run, posts } = await setUp('submission', loseLease)

    expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')
    expect(posts()).toBe(1)
  })
})
