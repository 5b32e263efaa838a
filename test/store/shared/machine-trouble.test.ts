import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { canMount, mountVolume } from '../../support/mounts.ts'
import { openRun, writePictures, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const temp = useTempDir()

async function built(machineStore: string): Promise<TestRun> {
  const service = await startService()
  await mkdir(temp.path('project'))
  await writePictures(temp.path('project'), 'hero.png')
  const run = await openRun({
    root: temp.path('project'),
    service,
    options: { emulated: false, machineStore },
  })
  expect((await run.load('hero.png?meshy')).metadata.state).toBe('ready')
  await finishSharing(run.context.ports)
  expect(service.counts).toMatchObject({ posts: 1, created: 1 })
  return run
}

const complaints = ({ told }: TestRun) => told.filter((text) => text.includes('the machine store'))

describe.skipIf(!canMount)('the store of a machine on a volume that is full (needs root on Linux)', () => {
  it('fails no build, and says so', async () => {
    const volume = mountVolume(temp.path('volume'), 'size=4k')
    onTestFinished(() => volume.release())

    const run = await built(temp.path('volume', 'cache'))

    expect(complaints(run).length).toBeGreaterThan(0)
  })
})

describe.skipIf(process.getuid?.() !== 0)('the store of another user (needs root)', () => {
  it('is not used, and that is said once', async () => {
    const folder = temp.path('theirs')
    await mkdir(folder)
    await chown(folder, 65_534, 65_534)
    await chmod(folder, 0o755)

    const run = await built(folder)

    expect(complaints(run)).toEqual([expect.stringContaining('it belongs to another user')])
    await expect(stat(`${folder}/blobs`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
