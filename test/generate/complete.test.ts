import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { findPrunable } from '../../src/cli/prune.ts'
import { readStatus } from '../../src/cli/model-status.ts'
import { changeRecord } from '../support/journal.ts'
import { openRun, writePictures, type TestRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('a journal record of a model that is stored', () => {
  const { path } = useTempDir()

  async function setUp() {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const run = () => openRun({ root: path(), service })
    const { metadata } = await (await run()).load(SPECIFIER)
    return { service, run, key: metadata.key }
  }

  /** Leaves a submission whose answer nobody has, begun so many hours ago, besides the stored model. */
  async function leaveStarted(run: () => Promise<TestRun>, key: string, hours: number): Promise<void> {
    const {
      ports: { store, clock },
    } = (await run()).context
    const entry = await store.entries.read(key)
    if (!entry) throw new Error('It is stored.')
    const { image, request, provenance } = entry
    const startedAt = new Date(clock.now() - hours * 3_600_000).toISOString()
    const { params } = provenance
    await store.journal.start({ key, image, request, params, startedAt, host: 'x', account: 'x' })
    await store.journal.lose(key)
  }

  it('is told, and fails nothing, when it cannot be read', async () => {
    const { service, run, key } = await setUp()
    await mkdir(path('.meshy', 'journal'), { recursive: true })
    await writeFile(path('.meshy', 'journal', `${key}.json`), '{')

    const { load, told, context } = await run()
    const asset = await load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(told.join('\n')).toContain(`${key}.json`)
    expect(service.counts.posts).toBe(1)
    expect(await readdir(path('.meshy', 'journal'))).toEqual([`${key}.json`])
    expect(await findPrunable(context, new Set([key]))).toMatchObject({ busy: true })
  })

  it('ends when it is of a submission so old that nothing can become of it', async () => {
    const { run, key } = await setUp()
    await leaveStarted(run, key, 97)

    const { load, context } = await run()
    const { busy } = await findPrunable(context, new Set([key]))
    await load(SPECIFIER)

    expect(busy).toBe(false)
    expect(await readdir(path('.meshy', 'journal'))).toEqual([])
  })

  it('stays, and is listed, while the service may have a task of it', async () => {
    const { run, key } = await setUp()
    await leaveStarted(run, key, 72)

    const { load, context } = await run()
    const { busy } = await findPrunable(context, new Set([key]))
    await load(SPECIFIER)

    const { models } = await readStatus(context)
    expect(busy).toBe(true)
    expect(models.map(({ image, state }) => [image, state])).toEqual([
      ['hero.png', 'ready'],
      ['hero.png', 'on its way'],
    ])
    expect(await readdir(path('.meshy', 'journal'))).toEqual([`${key}.json`])
  })

  it('ends when nothing was ever sent after it', async () => {
    const { run, key } = await setUp()
    await leaveStarted(run, key, 1)
    await changeRecord(path(), { lost: undefined })

    await (await run()).load(SPECIFIER)

    expect(await readdir(path('.meshy', 'journal'))).toEqual([])
  })

  it.each([
    ['tells of a task that was given up', { state: 'forgotten', forgottenTasks: ['other'] }, 1],
    ['can be ended', {}, 0],
  ])('keeps no page waiting for another process, when it %s', async (_, change, left) => {
    const { service, run, key } = await setUp()
    await leaveStarted(run, key, 97)
    await changeRecord(path(), change)
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const {
      ports: { store },
    } = (await run()).context
    await new Promise<void>((taken) => {
      const hold = () => {
        taken()
        return released
      }
      void store.withLease(key, hold, {})
    })
    const live = await openRun({ root: path(), service, live: true, options: { mode: 'ask' } })

    const asset = await live.load(SPECIFIER)
    release()

    expect(asset.metadata.state).toBe('ready')
    await expect.poll(() => readdir(path('.meshy', 'journal'))).toHaveLength(left)
  })
})
