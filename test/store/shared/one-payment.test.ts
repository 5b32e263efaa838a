import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { Document } from '@gltf-transform/core'
import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { forgetModel } from '../../../src/cli/forget.ts'
import { reliedOn, verifyFiles } from '../../../src/cli/verify.ts'
import { fetchAhead } from '../../../src/finding/fetch-ahead.ts'
import { finishSharing } from '../../../src/store/shared/shared-stores.ts'
import type { Options } from '../../../src/run/option-types.ts'
import { makePng } from '../../glb/pictures.ts'
import { failureOf, leaveOnItsWay, openRun } from '../../support/run.ts'
import { removeTasks } from '../../support/journal.ts'
import { listen } from '../../support/listen.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const temp = useTempDir()

/** A project of its own with the same picture. */
async function projectWith(name: string, picture = 'hero.png'): Promise<string> {
  const root = temp.path(name)
  await mkdir(root, { recursive: true })
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/${picture}`, makePng(4, 2, { color: [20, 80, 40] }))
  return root
}

/** A step that gives other bytes on each machine, as codecs of other versions do. */
const stamp = (machine: number) => ({
  name: 'stamp',
  version: 1,
  transform: (document: Document) => void document.getRoot().setExtras({ machine }),
})

const shared = (): Options => ({ emulated: false, machineStore: temp.path('machine') })

describe('the store of a machine', () => {
  it('gives a second project the model that the first one paid for', async () => {
    const service = await startService()
    const first = await openRun({ root: await projectWith('one'), service, options: shared() })
    await first.load('hero.png?meshy')
    const second = await openRun({ root: await projectWith('two', 'other.png'), service, options: shared() })

    const asset = await second.load('other.png?meshy')

    expect(asset.metadata.state).toBe('ready')
    expect(service.tasks()).toHaveLength(1)
    expect(second.told.join('\n')).toMatch(/other\.png: taken from the machine store, 0 credits/)
    expect([...((await second.context.ports.store.lockfile?.all()) ?? [])]).toMatchObject([
      [expect.any(String), { image: 'other.png' }],
    ])
  })

  it('gives its model to a project that has a task of its own on the way, which stays known', async () => {
    const service = await startService({ profile: 'reference' })
    const root = await projectWith('two')
    await leaveOnItsWay(root, service, 'hero.png?meshy', { emulated: false })
    const one = await openRun({ root: await projectWith('one'), service, options: shared() })
    const { key } = (await one.load('hero.png?meshy')).metadata
    const two = await openRun({ root, service, options: shared() })
    const { journal } = two.context.ports.store
    const before = await journal.read(key)

    expect((await two.load('hero.png?meshy')).metadata.state).toBe('ready')
    expect(before).toMatchObject({ state: 'accepted' })
    expect(await journal.read(key)).toEqual(before)
  })

  it.each([
    ['only what it imports', 'hero.png?meshy', ['glb'], 0],
    ['what both import', 'hero.png?meshy&thumbnail&height=2', ['glb', 'thumbnail'], 1],
  ])('pins in a second project %s, and forgets nothing', async (_, specifier, roles, derived) => {
    const service = await startService()
    const richest = 'hero.png?meshy&thumbnail&height=2'
    const roots = await Promise.all(['one', 'two', 'three'].map((name) => projectWith(name)))
    const open = (root = '') => openRun({ root, service, options: shared() })
    await (await open(roots[0])).load(richest)
    const two = await open(roots[1])
    const requests = service.requests.length

    await two.load(specifier)

    const entries = await reliedOn(two.context)
    expect(entries.map(({ files }) => Object.keys(files).sort())).toEqual([roles])
    expect(Object.keys(entries[0]?.derived ?? {})).toHaveLength(derived)
    const statuses = (await verifyFiles(two.context, entries)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['ok']))
    // What it derives itself is news to the others, and replaces nothing that they know.
    await two.load('hero.png?meshy&height=3')
    await removeTasks(service)
    await (await open(roots[2])).load(richest)
    expect(service.requests.slice(requests).filter(({ method }) => method !== 'DELETE')).toEqual([])
  })

  it('lets one of eight projects pay that start at the same instant', async () => {
    const service = await startService()
    const runs = await Promise.all(
      Array.from({ length: 8 }, async (_, index) =>
        openRun({ root: await projectWith(`project-${index}`), service, options: shared() }),
      ),
    )

    const assets = await Promise.all(runs.map((run) => run.load('hero.png?meshy')))

    expect(new Set(assets.map(({ metadata }) => metadata.integrity)).size).toBe(1)
    expect(service.tasks()).toHaveLength(1)
  })

  it('gives bytes to a frozen clone without a key', async () => {
    const service = await startService()
    const root = await projectWith('one')
    await (await openRun({ root, service, options: shared() })).load('hero.png?meshy')
    await rm(`${root}/.meshy`, { recursive: true })
    const requests = service.requests.length

    const frozen = await openRun({ root, options: { ...shared(), baseUrl: service.url, mode: 'frozen' } })

    expect((await frozen.load('hero.png?meshy')).metadata.state).toBe('ready')
    expect(service.requests).toHaveLength(requests)
  })

  it('gives what was derived to a frozen clone as well', async () => {
    const service = await startService()
    const root = await projectWith('one')
    const specifier = 'hero.png?meshy&height=2'
    const made = await (await openRun({ root, service, options: shared() })).load(specifier)
    await rm(`${root}/.meshy`, { recursive: true })
    const frozen = await openRun({ root, options: { ...shared(), baseUrl: service.url, mode: 'frozen' } })

    await fetchAhead(frozen.context.ports)

    expect((await frozen.load(specifier)).metadata).toEqual(made.metadata)
  })

  it.each(['frozen', 'generate'] as const)(
    'gives what is pinned as derived to a run in %s that fetched nothing ahead, whatever is derived here',
    async (mode) => {
      const service = await startService()
      const root = await projectWith('one')
      const specifier = 'hero.png?meshy&lods=2'
      const stampedBy = (machine: number): Options => ({ ...shared(), transforms: [stamp(machine)] })
      const made = await (await openRun({ root, service, options: stampedBy(1) })).load(specifier)
      await rm(`${root}/.meshy`, { recursive: true })
      const pins = await readFile(`${root}/meshy-lock.json`, 'utf8')

      const options = { ...stampedBy(2), baseUrl: service.url, mode }
      const { metadata, lods } = await (await openRun({ root, options })).load(specifier)

      const bytesOf = (levels: typeof lods) => levels?.map(({ file }) => file.blob?.sha256)
      expect([metadata, bytesOf(lods)]).toEqual([made.metadata, bytesOf(made.lods)])
      expect(await readFile(`${root}/meshy-lock.json`, 'utf8')).toBe(pins)
    },
  )

  it('is not believed about keys on a CI service', async () => {
    const service = await startService()
    await (
      await openRun({ root: await projectWith('one'), service, options: shared() })
    ).load('hero.png?meshy')
    const ci = await openRun({
      root: await projectWith('two'),
      service,
      options: shared(),
      env: { CI: 'true' },
    })

    await ci.load('hero.png?meshy')

    // The account's own list is: the task is taken over.
    expect(ci.told.join('\n')).not.toMatch(/taken from/)
  })

  it('is named in the error of bytes that nobody has', async () => {
    const service = await startService()
    const root = await projectWith('one')
    await (await openRun({ root, service, options: shared() })).load('hero.png?meshy')
    await rm(`${root}/.meshy`, { recursive: true })
    await rm(temp.path('machine'), { recursive: true })

    const frozen = await openRun({ root, options: { ...shared(), baseUrl: service.url, mode: 'frozen' } })

    expect(await failureOf(frozen.load('hero.png?meshy'))).toMatchObject({
      code: 'MESHY_MODEL_UNRESTORABLE',
      message: expect.stringContaining('The machine store does not have it') as string,
    })
  })

  it('is touched neither by emulated models nor by a warm run', async () => {
    const service = await startService()
    const root = await projectWith('one')
    await (await openRun({ root, service, options: { ...shared(), emulated: true } })).load('hero.png?meshy')
    const warm = await openRun({ root, service, options: { ...shared(), emulated: true } })

    await warm.load('hero.png?meshy')
    await finishSharing(warm.context.ports)

    await expect(rm(temp.path('machine'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is not touched by a warm run, nor is a connection made', async () => {
    const service = await startService()
    const root = await projectWith('one')
    await (await openRun({ root, service, options: shared() })).load('hero.png?meshy')
    await rm(temp.path('machine'), { recursive: true })
    let connections = 0
    const url = await listen(createServer().on('connection', () => (connections += 1)))
    const env = { MESHY_TEAM_STORE: url, MESHY_TEAM_STORE_TOKEN: 'token' }
    const requests = service.requests.length

    for (const mode of ['generate', 'frozen'] as const) {
      const warm = await openRun({ root, service, env, options: { ...shared(), mode } })
      await fetchAhead(warm.context.ports)
      expect((await warm.load('hero.png?meshy')).metadata.state).toBe('ready')
      await finishSharing(warm.context.ports)
    }

    expect(connections).toBe(0)
    expect(service.requests).toHaveLength(requests)
    await expect(stat(temp.path('machine'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('does not give back what was forgotten', async () => {
    const service = await startService()
    const root = await projectWith('one')
    const first = await openRun({ root, service, options: shared() })
    await first.load('hero.png?meshy')
    const [entry] = (await first.context.ports.store.lockfile?.all())?.values() ?? []
    if (!entry) throw new Error('Nothing is pinned')
    const { key, image: imageName, request: canonical } = entry
    await forgetModel(first.context, { key, imageName, canonical, params: canonical.params })
    const second = await openRun({ root, service, options: shared() })

    await second.load('hero.png?meshy')

    expect(service.tasks()).toHaveLength(2)
  })
})
