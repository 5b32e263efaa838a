import { mkdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createLayout } from '../../src/store/layout.ts'
import { withKeyLease } from '../../src/generate/turn.ts'
import { systemClock, type Clock } from '../../src/system/clock.ts'
import { spawnScript } from '../support/child.ts'
import { openRun } from '../support/run.ts'
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
