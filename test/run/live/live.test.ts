import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

describe('Live', () => {
  const { path } = useTempDir()

  it('goes on, and asks for a reload, when the folder that bundlers watch is gone', async () => {
    await writePictures(path(), 'hero.png')
    const emulator = await startService({ taskMs: 400 })
    const { load, told } = await openRun({ root: path(), service: emulator, live: true })

    await load('hero.png?meshy')
    await rm(path('.meshy', 'state'), { recursive: true })

    await expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain('Reload the page')
    expect(await load('hero.png?meshy')).toMatchObject({ metadata: { state: 'ready' } })
  })
})
