import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { forgetModel } from '../../src/pipeline/commands/forget.ts'
import type { Options } from '../../src/pipeline/options.ts'
import { makePng } from '../glb/pictures.ts'
import { finishSharing } from '../../src/pipeline/shared-stores.ts'
import { openRun, type TestRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const temp = useTempDir()
const SPECIFIER = 'hero.png?meshy'

async function project(name: string): Promise<string> {
  const root = temp.path(name)
  await mkdir(root, { recursive: true })
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2, { color: [20, 80, 40] }))
  return root
}

const shared = (): Options => ({ emulated: false, machineStore: temp.path('machine') })

async function forget({ context }: TestRun): Promise<void> {
  const [entry] = (await context.store.lockfile?.all())?.values() ?? []
  if (!entry) throw new Error('Nothing is pinned')
  const { key, image: imageName, request: canonical } = entry
  await forgetModel(context, { key, imageName, canonical, params: canonical.params })
}

describe('a dev server in `ask`', () => {
  it('asks about a forgotten model that the store of the machine still has', async () => {
    const service = await startService()
    const root = await project('one')
    const built = await openRun({ root, service, options: shared() })
    await built.load(SPECIFIER)
    await forget(built)
    const { context, load, told } = await openRun({
      root,
      service,
      live: true,
      options: { ...shared(), mode: 'ask' },
    })

    const first = await load(SPECIFIER)
    await expect.poll(() => context.consent.has(first.metadata.key)).toBe(true)
    const second = await load(SPECIFIER)

    expect(second.metadata.state).toBe('preview')
    expect(told.join('\n')).toMatch(/30 credits/)
    expect(service.tasks()).toHaveLength(1)
  })
})

describe('a store of the machine that is spoilt', () => {
  it.each(['.', 'blobs', 'entries', 'leases', 'tmp'])(
    'fails no build: a file is where its folder `%s` should be',
    async (folder) => {
      const service = await startService()
      if (folder !== '.') await mkdir(temp.path('machine'))
      await writeFile(temp.path('machine', folder), 'no folder')
      const { context, load, told } = await openRun({
        root: await project('one'),
        service,
        options: shared(),
      })

      const asset = await load(SPECIFIER)
      await finishSharing(context)

      expect(asset.metadata.state).toBe('ready')
      expect(service.tasks()).toHaveLength(1)
      expect(told.join('\n')).toMatch(/the machine's store/)
    },
  )
})
