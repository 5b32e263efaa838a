import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { forgetModel } from '../../../src/cli/forget.ts'
import type { Options } from '../../../src/run/option-types.ts'
import { makePng } from '../../glb/pictures.ts'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import { fetchAhead } from '../../../src/finding/fetch-ahead.ts'
import { failureOf, openRun, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

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
  const [entry] = (await context.ports.store.lockfile?.all())?.values() ?? []
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
    await expect.poll(() => context.ports.models.find(first.metadata.key)?.isAsked).toBe(true)
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
      await writeFile(temp.path('machine', folder), 'not a folder')
      const { context, load, told } = await openRun({
        root: await project('one'),
        service,
        options: shared(),
      })

      const asset = await load(SPECIFIER)
      await finishSharing(context.ports)

      expect(asset.metadata.state).toBe('ready')
      expect(service.tasks()).toHaveLength(1)
      expect(told.join('\n')).toMatch(/the machine store/)
    },
  )
})

describe('a model that is paid', () => {
  it('is shared on the machine before the files beside it are fetched', async () => {
    const service = await startService({ faults: [{ kind: 'noNames' }, { kind: 'expiredUrl', from: 2 }] })
    const first = await openRun({ root: await project('one'), service, options: shared() })
    await failureOf(first.load(`${SPECIFIER}&thumbnail`))
    const second = await openRun({ root: await project('two'), service, options: shared() })

    const asset = await second.load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(service.tasks()).toHaveLength(1)
  })
})

describe('a model of a store', () => {
  it('is not taken, nor pinned, when it is of another picture', async () => {
    const service = await startService()
    await (await openRun({ root: await project('one'), service, options: shared() })).load(SPECIFIER)
    const [name = ''] = await readdir(temp.path('machine/entries'))
    const file = temp.path('machine/entries', name)
    const entry = JSON.parse(await readFile(file, 'utf8')) as { request: { images: object[] } }
    entry.request.images = entry.request.images.map((image) => ({ ...image, sha256: '0'.repeat(64) }))
    await writeFile(file, JSON.stringify(entry))
    const { load, told } = await openRun({ root: await project('two'), service, options: shared() })

    const asset = await load(SPECIFIER)

    expect(asset.metadata.state).toBe('ready')
    expect(told.join('\n')).toMatch(/the machine store has for its key was made from another image/)
  })
})

describe('fetchAhead', () => {
  it('leaves it at that where the project cannot be written', async () => {
    const service = await startService()
    const root = await project('one')
    const { load } = await openRun({ root, service, options: shared() })
    await load(SPECIFIER)
    await rm(`${root}/.meshy`, { recursive: true })
    await writeFile(`${root}/.meshy`, 'not a folder')
    const { context } = await openRun({ root, service, options: { ...shared(), mode: 'frozen' } })

    expect(await fetchAhead(context.ports)).toBe(0)
  })
})
