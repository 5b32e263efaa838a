import { statfsSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canMount, makeReadOnly, mountVolume } from '../support/mounts.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe.skipIf(!canMount)('a cache on a volume', () => {
  const { path } = useTempDir()

  async function setUp() {
    await writePictures(path(), 'hero.png')
    const { release } = mountVolume(path('.meshy'), 'size=400k')
    onTestFinished(release)
    const emulator = await startService()
    return { emulator, run: () => openRun({ root: path(), service: emulator }) }
  }

  function fillUpTo(freeBlocks: number): void {
    const { bavail, bsize } = statfsSync(path('.meshy'))
    writeFileSync(path('.meshy', 'filler'), Buffer.alloc((bavail - freeBlocks) * bsize))
  }

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12])(
    'that has room for %i blocks more ends the run clearly, and the next one delivers for one charge',
    async (blocks) => {
      const { emulator, run } = await setUp()
      fillUpTo(blocks)

      const [result] = await (await run()).loadAll([SPECIFIER])
      expect(result && 'code' in result ? result.code : 'ready').toBeOneOf([
        'MESHY_CACHE_UNWRITABLE',
        'ready',
      ])
      if (blocks === 0) expect(emulator.counts.posts).toBe(0)

      await rm(path('.meshy', 'filler'))
      expect(await (await run()).load(SPECIFIER)).toMatchObject({ metadata: { state: 'ready' } })
      expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
      expect((await readdir(path('.meshy', 'tmp')).catch(() => [])).length).toBe(0)
    },
  )

  it('that is read-only sends nothing for a missing model', async () => {
    const { emulator, run } = await setUp()
    makeReadOnly(path('.meshy'))

    expect(await (await run()).loadAll([SPECIFIER])).toMatchObject([{ code: 'MESHY_CACHE_UNWRITABLE' }])
    expect(emulator.counts.posts).toBe(0)
  })

  it('that is read-only serves what it holds', async () => {
    const { emulator, run } = await setUp()
    await (await run()).load(SPECIFIER)
    const { total } = emulator.counts
    makeReadOnly(path('.meshy'))

    expect(await (await run()).load(SPECIFIER)).toMatchObject({ metadata: { state: 'ready' } })
    expect(emulator.counts.total).toBe(total)
  })
})
