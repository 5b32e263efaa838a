import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Loaded } from '../../src/bundlers/adapter.ts'
import { WatchBuilds } from '../../src/bundlers/watch-builds.ts'
import type { Asset } from '../../src/run/asset.ts'
import { ensureStateFile, touchStateFile } from '../../src/run/live/state-file.ts'
import { manualClock } from '../system/manual-clock.ts'
import { openRun } from '../support/run.ts'
import { useTempDir } from '../support/temp-dir.ts'

const [HERO, VILLAIN] = ['0123456789abcdef', 'fedcba9876543210'] as const

describe('WatchBuilds', () => {
  const { path } = useTempDir()

  async function setUp() {
    const clock = manualClock()
    const { context } = await openRun({ root: path(), live: true, clock, options: { mode: 'preview' } })
    const builds = new WatchBuilds()
    const load = async (key: string, improved?: Promise<boolean>) => {
      const stateFile = await ensureStateFile(context.ports, key)
      const asset = { metadata: { key }, stateFile, improved } as Asset
      builds.add({ id: `/${key}`, code: '', asset, context } satisfies Loaded)
      return stateFile?.path ?? ''
    }
    return { builds, clock, context, load }
  }

  it('touches again what came before it was watched, until its module is loaded again', async () => {
    const { builds, clock, context, load } = await setUp()
    const file = await load(HERO)
    await touchStateFile(context.ports, HERO)
    builds.end()
    const texts = new Set<string>()
    const look = async () => {
      await clock.advance(4_000)
      return texts.add(await readFile(file, 'utf8')).size
    }

    await expect.poll(look).toBe(3)
    await load(HERO)
    await look()
    const before = await look()

    expect(await look()).toBe(before)
  })

  it('shows all meshes that were late in one build, also when the last one is none', async () => {
    const { builds, load } = await setUp()
    const settle = new Map<string, (isBetter: boolean) => void>()
    const late = (key: string) => load(key, new Promise((resolve) => settle.set(key, resolve)))
    const file = await late(HERO)
    const other = await late(VILLAIN)
    builds.end()

    settle.get(HERO)?.(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await readFile(file, 'utf8')).toBe('')
    settle.get(VILLAIN)?.(false)

    await expect.poll(() => readFile(file, 'utf8')).not.toBe('')
    expect(await readFile(other, 'utf8')).toBe('')
  })

  it('does nothing more when the watcher was closed', async () => {
    const { builds, clock, context, load } = await setUp()
    const file = await load(HERO)
    await touchStateFile(context.ports, HERO)
    const text = await readFile(file, 'utf8')
    builds.end()

    builds.close()
    await clock.advance(60_000)

    expect(await readFile(file, 'utf8')).toBe(text)
  })
})
