import { readdir, rm } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { classify } from '../../src/finding/classify.ts'
import { fetchAhead } from '../../src/finding/fetch-ahead.ts'
import type { Options } from '../../src/run/option-types.ts'
import { pull } from '../../src/cli/stores.ts'
import { reliedOn, verifyFiles } from '../../src/cli/verify.ts'
import { loadRequest, openRun, type TestRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from '../derive/pictures.ts'

const SPECIFIERS = ['hero.png?meshy&texture-size=128', 'hero.png?meshy&textures&thumbnail']

/** A project whose files exist in `out` alone, and nobody to ask for them. */
describe('a project that has lost its blobs', () => {
  const { path: dir } = useTempDir()
  const run = (options: Options): Promise<TestRun> => openRun({ root: dir(), options })
  const blobs = async () => (await readdir(dir('.meshy', 'blobs'), { recursive: true })).sort()
  let before: string[]

  beforeEach(async () => {
    await writeGrainyPicture(dir())
    const service = await startService()
    const { loadAll } = await openRun({ root: dir(), service, options: { emulated: false } })
    await loadAll(SPECIFIERS)
    await service.close()
    before = await blobs()
    await rm(dir('.meshy', 'blobs'), { recursive: true })
  })

  async function statuses({ context }: TestRun): Promise<string[]> {
    const files = await verifyFiles(context, await reliedOn(context))
    return [...new Set(files.map(({ status }) => status))]
  }

  it.each(['generate', 'ask', 'frozen', 'preview'] as const)(
    'has them again after a run in %s',
    async (mode) => {
      const { loadAll, context } = await run({ mode })

      const assets = await loadAll(SPECIFIERS)

      expect(assets).toMatchObject(SPECIFIERS.map(() => ({ metadata: { state: 'ready' } })))
      expect(await blobs()).toEqual(before)
      expect(await statuses(await run({ mode: context.ports.options.mode }))).toEqual(['ok'])
    },
  )

  it('has them again before a build asks for the first', async () => {
    const { context } = await run({ mode: 'frozen' })

    expect(await fetchAhead(context.ports)).toBe(before.filter((name) => name.includes('.')).length)

    expect(await blobs()).toEqual(before)
  })

  it('has them again after `pull`', async () => {
    const { context } = await run({})

    expect(await pull(context)).toMatchObject({ there: 0, failed: [] })

    expect(await blobs()).toEqual(before)
  })

  it('is left as it is by `plan`', async () => {
    const { context } = await run({ mode: 'plan' })
    const requests = await Promise.all(SPECIFIERS.map((specifier) => loadRequest(context, dir(), specifier)))

    const found = await Promise.all(requests.map((request) => classify(context.ports, request)))

    expect(found.map(({ state }) => state)).toEqual(['ready', 'ready'])
    expect(await readdir(dir('.meshy'))).not.toContain('blobs')
  })
})
