import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { forgetModel } from '../../../src/cli/forget.ts'
import type { Options } from '../../../src/index.ts'
import type { Asset } from '../../../src/run/asset.ts'
import { agree } from '../../../src/run/live/asking.ts'
import { isTouched } from '../../../src/run/live/state-file.ts'
import { countWatchers } from '../../support/count-watchers.ts'
import { pinCard } from '../../support/pin-card.ts'
import { loadRequest, openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const IMPORT = 'hero.png?meshy'
const DERIVED = 'hero.png?meshy&height=2'
/** What git brings, and what a copied cache does. */
const PULLED = ['meshy-lock.json', '.meshy/blobs']
const COPIED = ['.meshy/blobs', '.meshy/entries']

describe('a stand-in that nobody here works on', () => {
  const temp = useTempDir()

  const cases: [string, Options, string[]][] = [
    ['asks', { mode: 'ask' }, PULLED],
    ['shows stand-ins', { mode: 'preview' }, PULLED],
    ['asks, without a lockfile', { mode: 'ask', lockfile: false }, COPIED],
  ]
  it.each(cases)(
    'makes way for a model that comes from elsewhere, where a server %s',
    async (...[, o, files]) => {
      const service = await startService()
      const [here, elsewhere] = [temp.path('here'), temp.path('elsewhere')]
      for (const root of [here, elsewhere]) await writePictures(root, 'hero.png')
      const { load } = await openRun({ root: here, service, options: o, live: true })
      const standIn = await load(IMPORT)
      expect(standIn.metadata.state).toBe('preview')

      await (await openRun({ root: elsewhere, service, options: { ...o, mode: 'generate' } })).load(IMPORT)
      for (const file of files)
        await cp(path.join(elsewhere, file), path.join(here, file), { recursive: true })

      const told = () => readFile(standIn.stateFile?.path ?? '', 'utf8')
      await expect.poll(told, { timeout: 20_000 }).toMatch(/^done/)
      expect((await load(IMPORT)).metadata.state).toBe('ready')
      expect(service.counts.posts).toBe(1)
    },
  )

  it.each(['preview', 'ask', 'generate', 'frozen'] as const)(
    'makes way for bytes that come long after their pin, in `%s`',
    async (mode) => {
      const service = await startService()
      const [here, elsewhere] = [temp.path('here'), temp.path('elsewhere')]
      for (const root of [here, elsewhere]) await writePictures(root, 'hero.png')
      await (await openRun({ root: elsewhere, service })).load(IMPORT)
      const bring = (file: string) =>
        cp(path.join(elsewhere, file), path.join(here, file), { recursive: true })
      await bring('meshy-lock.json')
      const options = { mode, apiKey: undefined }
      const { load, context } = await openRun({ root: here, service, options, live: true })
      // What tries to restore it fails first.
      const asset = await loadUntil(() => load(IMPORT), 'preview')
      expect(context.ports.models.find(asset.metadata.key)?.isAsked).toBe(false)

      await bring('.meshy/blobs')

      await untilTouched(asset)
      expect((await load(IMPORT)).metadata.state).toBe('ready')
      context.stopWatching()
    },
  )

  it('is not looked for again and again where its bytes are wrong', async () => {
    const service = await startService()
    const root = temp.path('here')
    await writePictures(root, 'hero.png')
    const { files } = await (await openRun({ root, service })).load(IMPORT)
    await rm(path.join(root, '.meshy/out'), { recursive: true })
    const { load, context } = await openRun({ root, service, options: { mode: 'preview' }, live: true })
    const { store } = context.ports
    const ref = (await store.blobs.list()).find(({ ext }) => ext === 'glb') ?? raise()
    const right = await readFile(store.blobs.path(ref))
    await writeFile(store.blobs.path(ref), right.toReversed())

    const asset = await load(IMPORT)
    await expect.poll(() => countWatchers(store.blobs.path(ref))).toBe(1)
    expect(await isTouched(asset.stateFile ?? raise())).toBe(false)
    await writeFile(store.blobs.path(ref), right)

    await untilTouched(asset)
    expect((await load(IMPORT)).files).toEqual(files)
    expect(countWatchers(store.blobs.path(ref))).toBe(0)
  })

  it('makes way for what someone else derives from it', async () => {
    const service = await startService()
    const root = temp.path('here')
    await writePictures(root, 'hero.png')
    await (await openRun({ root, service })).load(IMPORT)
    const { load, context } = await openRun({ root, service, options: { mode: 'preview' }, live: true })
    const before = await load(DERIVED)

    const { files } = await (await openRun({ root, service })).load(DERIVED)

    await untilTouched(before)
    expect(before.files).not.toEqual(files)
    expect((await load(DERIVED)).files).toEqual(files)
    context.stopWatching()
  })

  it('is looked for as long as its server is open, and again where one opens anew', async () => {
    const service = await startService()
    const root = temp.path('here')
    await writePictures(root, 'hero.png')
    const { load, context } = await openRun({ root, service, options: { mode: 'ask' }, live: true })
    const lockfile = path.join(root, 'meshy-lock.json')

    await load(IMPORT)
    expect(countWatchers(lockfile)).toBe(1)
    context.stopWatching()
    expect(countWatchers(lockfile)).toBe(0)
    await load(IMPORT)
    expect(countWatchers(lockfile)).toBe(1)
    context.stopWatching()
  })
})

describe('a model that is shown', () => {
  const temp = useTempDir()

  it.each(['preview', 'ask', 'generate', 'frozen'] as const)(
    'follows the lockfile, in `%s`',
    async (mode) => {
      const { root, service, request } = await shownProject()
      const lockfile = path.join(root, 'meshy-lock.json')
      const before = await readFile(lockfile)
      const { load, context } = await openRun({ root, service, options: { mode }, live: true })
      const theirs = await load(IMPORT)
      expect(theirs.metadata).toMatchObject({ state: 'ready', source: 'emulator', key: request.key })

      await pinCard({ root, service, specifier: IMPORT })
      await untilTouched(theirs)
      const own = await load(IMPORT)
      expect(own.metadata).toMatchObject({ state: 'ready', source: 'pinned' })
      // As git does with the lockfile of another commit.
      await writeFile(lockfile, before)
      await untilTouched(own)

      expect((await load(IMPORT)).metadata).toEqual(theirs.metadata)
      expect(service.counts.posts).toBe(1)
      context.stopWatching()
      expect(countWatchers(lockfile)).toBe(0)
    },
  )

  it.each(['ask', 'generate'] as const)('is not paid for again without a word, in `%s`', async (mode) => {
    const { root, service, request, command } = await shownProject()
    const { load, context } = await openRun({ root, service, options: { mode }, live: true })
    const shown = await load(IMPORT)

    await forgetModel(command, request)
    await untilTouched(shown)
    const standIns = [await load(IMPORT), await load(IMPORT)]

    expect(standIns.map(({ metadata }) => metadata.state)).toEqual(['preview', 'preview'])
    await expect.poll(() => context.ports.models.find(request.key)?.shown).toBe('missing')
    expect(service.counts.posts).toBe(1)
    expect(await agree(context)).toEqual([request.key])
    await untilTouched(standIns[1] ?? raise())
    expect((await load(IMPORT)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(2)
    context.stopWatching()
  })

  /** A project whose model is pinned, as another terminal sees it. */
  async function shownProject() {
    const service = await startService()
    const root = temp.path('here')
    await writePictures(root, 'hero.png')
    const { load, context: command } = await openRun({ root, service })
    await load(IMPORT)
    return { root, service, command, request: await loadRequest(command, root, IMPORT) }
  }
})

async function loadUntil(load: () => Promise<Asset>, state: string): Promise<Asset> {
  for (;;) {
    const asset = await load()
    if (asset.metadata.state === state) return asset
    await untilTouched(asset)
  }
}

async function untilTouched({ stateFile = raise() }: Asset): Promise<void> {
  await expect.poll(() => isTouched(stateFile), { timeout: 20_000 }).toBe(true)
}

function raise(): never {
  throw new Error('There is none')
}
