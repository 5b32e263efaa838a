import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { loadAsset } from '../../../src/run/load.ts'
import type { Clock } from '../../../src/system/clock.ts'
import { makePng } from '../../glb/pictures.ts'
import { hurriedClock } from '../../support/hurried-clock.ts'
import { openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

/** How long a live run leaves an import alone before it pays. */
const QUIET_MS = 1_000

describe('a live run', () => {
  const { path } = useTempDir()

  it('submits once, the last one, when a picture is saved five times in a row', async () => {
    const emulator = await startService()
    const clock = gatedClock()
    const { load, told } = await openRun({ root: path(), service: emulator, live: true, clock })
    const keys: string[] = []

    for (const red of [10, 20, 30, 40, 50]) {
      await writeFile(path('hero.png'), makePng(4, 2, { color: [red, 0, 0] }))
      keys.push((await load('hero.png?meshy')).metadata.key)
    }
    clock.open()
    await expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain('hero.png is ready')

    expect(new Set(keys).size).toBe(5)
    expect(namesOf(emulator.requests)).toEqual([`[${keys[4]}] hero`])
  })

  it('submits nothing for a picture that was saved again and not loaded since', async () => {
    await writePictures(path(), 'hero.png', 'other.png')
    const emulator = await startService()
    const clock = gatedClock()
    const { load, told } = await openRun({ root: path(), service: emulator, live: true, clock })

    await load('hero.png?meshy')
    await load('other.png?meshy')
    await writeFile(path('hero.png'), makePng(4, 2, { color: [1, 2, 3] }))
    clock.open()
    await expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain('other.png is ready')

    expect(namesOf(emulator.requests)).toEqual([expect.stringMatching(/\] other$/)])
    expect((await load('hero.png?meshy')).metadata.state).toBe('pending')
  })

  it('submits nothing for an import that is gone', async () => {
    await writePictures(path(), 'hero.png', 'other.png')
    const emulator = await startService()
    const clock = gatedClock()
    const { context, load, told } = await openRun({ root: path(), service: emulator, live: true, clock })
    const site = async () => ({ file: 'main.js', line: 1 })
    const imported = context.project.imports.find(
      context.project.imports.add('hero.png?meshy', { file: path('hero.png'), site }),
    )

    if (imported) await loadAsset(context, { ...imported, isImported: () => false })
    await load('other.png?meshy')
    clock.open()
    await expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain('other.png is ready')

    expect(imported).toBeDefined()
    expect(namesOf(emulator.requests)).toEqual([expect.stringMatching(/\] other$/)])
  })

  it('submits for whoever still wants it when another import of the same model is gone', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const clock = gatedClock()
    const { load, told } = await openRun({ root: path(), service: emulator, live: true, clock })
    await writeFile(path('copy.png'), makePng(4, 2, { color: [0, 80, 40] }))

    const first = await load('copy.png?meshy')
    const second = await load('hero.png?meshy')
    await writeFile(path('copy.png'), makePng(4, 2, { color: [1, 2, 3] }))
    clock.open()
    await expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain('is ready')

    expect(first.metadata.key).toBe(second.metadata.key)
    expect(emulator.counts.posts).toBe(1)
  })

  it('asks about the last one only when a picture is saved again', async () => {
    const emulator = await startService()
    const options = { mode: 'ask' } as const
    const { context, load } = await openRun({ root: path(), service: emulator, live: true, options })

    await writePictures(path(), 'hero.png')
    await load('hero.png?meshy')
    await writeFile(path('hero.png'), makePng(4, 2, { color: [1, 2, 3] }))
    const { metadata } = await load('hero.png?meshy')

    const asked = context.ports.models.all().filter(({ isAsked }) => isAsked)
    expect(asked.map(({ request }) => request.key)).toEqual([metadata.key])
  })
})

/** A clock on which the quiet moment lasts until it is opened. */
function gatedClock(): Clock & { open(): void } {
  const hurried = hurriedClock()
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return {
    now: () => hurried.now(),
    sleep: (ms, signal) => (ms === QUIET_MS ? opened : hurried.sleep(ms, signal)),
    open: () => open(),
  }
}

function namesOf(requests: readonly { route: string; body: Record<string, unknown> | undefined }[]) {
  return requests.filter(({ route }) => route === 'create').map(({ body }) => body?.['name'])
}
