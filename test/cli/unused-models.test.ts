import { describe, expect, it } from 'vitest'
import { findPrunable } from '../../src/cli/prune.ts'
import { leaveOnItsWay, loadRequest, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('findPrunable', () => {
  const { path } = useTempDir()

  it('does not list the file of a model that a build stores while it looks', async () => {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    await leaveOnItsWay(path(), service, SPECIFIER)
    const build = await openRun({ root: path(), service })
    const { context } = await openRun({ root: path(), service })
    const { key } = await loadRequest(context, path(), SPECIFIER)
    const { entries } = context.ports.store
    const { keys } = entries
    entries.keys = async () => {
      const found = await keys()
      await build.load(SPECIFIER)
      return found
    }

    expect(await findPrunable(context, new Set([key]))).toMatchObject({ models: [], blobs: [] })
  })

  it('does not list what was paid for in a run with an emulator', async () => {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const paying = await openRun({ root: path(), service, options: { emulated: false } })
    await paying.load(SPECIFIER)
    const { context } = await openRun({ root: path(), service })
    const { key } = await loadRequest(context, path(), SPECIFIER)

    expect(await findPrunable(context, new Set([key]))).toMatchObject({ models: [], blobs: [], folders: [] })
  })
})
