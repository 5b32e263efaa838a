import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accountDigest } from '../../src/store/journal.ts'
import { createLayout } from '../../src/store/layout.ts'
import { withKeyLease } from '../../src/generate/turn.ts'
import { systemClock, type Clock } from '../../src/system/clock.ts'
import { spawnScript } from '../support/child.ts'
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
