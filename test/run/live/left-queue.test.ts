import { writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadAsset } from '../../../src/run/load.ts'
import { makePng } from '../../glb/pictures.ts'
import { holdSubmissions, startGate } from '../../support/gate.ts'
import { openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const WAIT = { timeout: 20_000 }

describe('a model that waits for a slot of the queue', () => {
  const { path } = useTempDir()

  it('is not paid for when its import has gone, and starts again when that comes back', async () => {
    const { emulator, run, second, reserved, free } = await queueTwo()

    second.isImported = false
    free()
    await expect.poll(() => run.told.join('\n'), WAIT).toMatch(/Nobody imports this model of `second\.png`/)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('first.png is ready')

    expect(emulator.counts.posts).toBe(1)
    expect(await reserved()).toBe(30)
    expect(await run.context.ports.store.journal.keys()).toEqual([])
    second.isImported = true
    expect((await second.load())?.metadata.state).toBe('pending')
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('second.png is ready')
    expect(emulator.counts.posts).toBe(2)
  })

  it('is not paid for when its picture was saved again', async () => {
    const { emulator, run, reserved, free } = await queueTwo()

    await writeFile(path('second.png'), makePng(4, 2, { color: [1, 2, 3] }))
    free()
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('first.png is ready')
    await expect.poll(() => run.context.ports.models.flights.count(''), WAIT).toBe(0)

    expect(emulator.counts.posts).toBe(1)
    expect(await reserved()).toBe(30)
  })

  it('is paid for all the same when a build of this process waits for it', async () => {
    const { emulator, second, free, gate } = await queueTwo()
    const build = await openRun({ root: path(), service: { ...emulator, url: gate.url } })

    const built = build.load('second.png?meshy')
    await expect.poll(() => build.context.ports.models.all(), WAIT).toHaveLength(1)
    second.isImported = false
    free()

    expect((await built).metadata.state).toBe('ready')
    expect(emulator.counts.posts).toBe(2)
  })

  /** A live run with one slot, in which the first of two models stays until it is set free. */
  async function queueTwo() {
    await writePictures(path(), 'first.png', 'second.png')
    const emulator = await startService()
    const gate = await startGate(emulator, onTestFinished)
    const free = holdSubmissions(gate)
    const service = { ...emulator, url: gate.url }
    const run = await openRun({ root: path(), service, live: true, gather: 2, options: { concurrency: 1 } })
    const second = removable(run.context)
    await run.load('first.png?meshy')
    await second.load()
    const reserved = async () => (await run.context.paying()).purse.budget.reserved
    await expect.poll(() => emulator.counts.posts, WAIT).toBe(1)
    expect(await reserved()).toBe(60)
    return { emulator, gate, run, second, reserved, free }
  }

  /** An import that an edit can remove. */
  function removable(context: Parameters<typeof loadAsset>[0]) {
    const site = async () => ({ file: 'main.js', line: 2 })
    const { imports } = context.project
    const imported = imports.find(imports.add('second.png?meshy', { file: path('second.png'), site }))
    const one = {
      isImported: true,
      load: async () => imported && loadAsset(context, { ...imported, isImported: () => one.isImported }),
    }
    return one
  }
})
