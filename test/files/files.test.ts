import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Asset } from '../../src/pipeline/asset.ts'
import { checkFileKind, extensionOf } from '../../src/pipeline/paying/file-kind.ts'
import { restore } from '../../src/pipeline/paying/restore.ts'
import { makeJpeg } from '../glb/pictures.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { startFullService } from './full-service.ts'

const { path: dir } = useTempDir()

async function setUp() {
  await writePictures(dir(), 'hero.png')
  const service = await startFullService(await startService())
  const run = (options = {}) => openRun({ root: dir(), service, options })
  return { service, run }
}

/** Name of the emitted file → its bytes. */
async function filesOf({ files }: Asset): Promise<Record<string, Buffer>> {
  const pairs = files.map(async (file) => [path.basename(file.path), await readFile(file.path)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}

describe('the files besides the GLB', () => {
  it('come byte for byte, under the name of the picture, and are pinned', async () => {
    const { service, run } = await setUp()

    const asset = await (await run()).load('hero.png?meshy&pre-remesh&formats=fbx,obj,usdz&thumbnail')

    expect(await filesOf(asset)).toEqual({
      'hero.glb': await service.served('glb'),
      'hero-preRemeshed.glb': await service.served('pre_remeshed_glb'),
      'hero.fbx': service.files['fbx'],
      'hero.obj': await service.served('obj'),
      'hero.mtl': await service.served('mtl'),
      'hero.usdz': service.files['usdz'],
      'hero-baseColor.png': await service.served('base_color'),
      'hero-thumbnail.png': await service.served('thumbnail'),
    })
    const { models } = JSON.parse(await readFile(dir('meshy-lock.json'), 'utf8'))
    expect(Object.keys(Object.values<{ files: object }>(models)[0]?.files ?? {})).toEqual([
      'glb', 'preRemeshed', 'fbx', 'obj', 'mtl', 'usdz', 'thumbnail', 'baseColor',
    ]) // prettier-ignore
  })

  it('have the extension that their bytes say', async () => {
    const { service, run } = await setUp()
    await writeFile(dir('photo.jpg'), await makeJpeg(4, 2))

    const asset = await (await run()).load('photo.jpg?meshy&textures')

    expect(Object.keys(await filesOf(asset))).toEqual(['photo.glb', 'photo-baseColor.jpg'])
    expect(service.emulator.counts.posts).toBe(1)
  })

  it('are fetched later from the task, unpaid, and pinned', async () => {
    const { service, run } = await setUp()
    await (await run()).load('hero.png?meshy')

    const asset = await (await run()).load('hero.png?meshy&formats=usdz')
    await service.emulator.close()
    const frozen = await (
      await run({ mode: 'frozen', apiKey: undefined })
    ).load('hero.png?meshy&formats=usdz')

    expect((await filesOf(asset))['hero.usdz']).toEqual(service.files['usdz'])
    expect(frozen).toEqual(asset)
    expect(service.emulator.counts.posts).toBe(1)
  })

  it('are an error that says so when the task is gone, and nothing is paid', async () => {
    const { service, run } = await setUp()
    await (await run()).load('hero.png?meshy')
    service.emulator.fail({ kind: 'gone404', on: 'retrieve' })

    const failure = await failureOf((await run()).load('hero.png?meshy&formats=fbx,obj'))

    expect(failure.code).toBe('MESHY_EXTRA_UNAVAILABLE')
    expect(failure.message).toMatch(/`fbx`, `obj`.* were not kept.* the service keeps tasks for 3 days/)
    expect(failure.hint).toContain('Leave the directive out')
    expect(service.emulator.counts.posts).toBe(1)
    expect(await (await run()).load('hero.png?meshy')).toMatchObject({ metadata: { state: 'ready' } })
  })

  it('are an error in `frozen` when they are not pinned, also where they could be fetched', async () => {
    const { service, run } = await setUp()
    await (await run()).load('hero.png?meshy')
    const lockfile = await readFile(dir('meshy-lock.json'), 'utf8')
    const before = service.emulator.counts.total

    const failure = await failureOf((await run({ mode: 'frozen' })).load('hero.png?meshy&formats=fbx'))

    expect(failure).toMatchObject({ code: 'MESHY_MODEL_MISSING', details: { credits: 0, roles: ['fbx'] } })
    expect(failure.message).toContain('`fbx`')
    expect(service.emulator.counts.total).toBe(before)
    expect(await readFile(dir('meshy-lock.json'), 'utf8')).toBe(lockfile)
  })

  it.each([
    ['fbx', 'formats=fbx', '<!DOCTYPE html><p>Not found'],
    ['usdz', 'formats=usdz', '{"message":"not found"}'],
    ['fbx', 'formats=fbx', ''],
    ['usdz', 'formats=usdz', '<Error><Code>AccessDenied</Code></Error>'],
    ['obj', 'formats=obj', 'Not found\n'],
  ])('are refused when the %s is something else', async (kind, directive, text) => {
    const { service, run } = await setUp()
    service.files[kind] = Buffer.from(text)

    const failure = await failureOf((await run()).load(`hero.png?meshy&${directive}`))

    expect(failure.code).toBe('MESHY_DOWNLOAD_INVALID')
    expect(failure.message).toContain(`The ${kind} file`)
  })
})

describe('a file that looks odd', () => {
  it.each([
    [
      'a USDZ whose first file is compressed',
      'usdz',
      Buffer.from('PK\x03\x04\x14\0\0\0\x08\0\0\0', 'latin1'),
    ],
    ['an FBX of a kind that we do not know', 'fbx', Buffer.from('Kaydara\0\x01\x02', 'latin1')],
  ])('is kept with a warning: %s', async (_, kind, bytes) => {
    const { service, run } = await setUp()
    service.files[kind] = bytes
    const first = await run()

    const asset = await first.load(`hero.png?meshy&formats=${kind}`)

    expect((await filesOf(asset))[`hero.${kind}`]).toEqual(bytes)
    expect(first.told.filter((line) => line.includes('kept as it came'))).toHaveLength(1)
    const later = await (await run({ mode: 'frozen' })).load(`hero.png?meshy&formats=${kind}`)
    expect(later.metadata.state).toBe('ready')
  })

  it('is kept where a preview is a WebP', async () => {
    const head = Buffer.from('RIFF\x1a\0\0\0WEBPVP8L', 'latin1')

    expect(checkFileKind('thumbnail', head, head.length)).toMatch(/does not begin like a PNG or JPEG/)
    expect(extensionOf('thumbnail', head)).toBe('webp')
  })
})

describe('restore', () => {
  it('fetches once when two processes miss the same bytes', async () => {
    const { service, run } = await setUp()
    const { key } = (await (await run()).load('hero.png?meshy')).metadata
    const contexts = [(await run()).context, (await run()).context]
    const entry = await contexts[0]?.store.lockfile?.get(key)
    if (!entry) throw new Error('It is pinned.')
    await rm(dir('.meshy', 'blobs'), { recursive: true })
    const before = service.emulator.counts.downloads

    await Promise.all(contexts.map((context) => restore(context, { key }, { entry, lacking: ['glb'] })))

    expect(service.emulator.counts.downloads).toBe(before + 1)
  })
})
