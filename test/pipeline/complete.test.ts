import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { findPrunable } from '../../src/pipeline/prune.ts'
import { openRun, writePictures } from '../support/run.ts'
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
})
