import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import type { Asset } from '../../src/run/asset.ts'
import { checkFormat, extensionOf } from '../../src/request/file-formats.ts'
import { restore } from '../../src/generate/restore.ts'
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

/** What the only task was made of. */
function bodyOf({ emulator }: { emulator: RunningEmulator }): Record<string, unknown> {
  return (emulator.requests.find(({ body }) => body)?.body ?? {}) as Record<string, unknown>
}

/** Takes a file out of the lockfile, as an earlier version would have left it. */
async function forgetFile(role: string): Promise<void> {
  const lock = JSON.parse(await readFile(dir('meshy-lock.json'), 'utf8'))
  for (const model of Object.values<{ files: Record<string, unknown> }>(lock.models)) delete model.files[role]
  await writeFile(dir('meshy-lock.json'), JSON.stringify(lock, undefined, 2))
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

  it('come as STL and 3MF too, of which the service makes the one only when it is named', async () => {
    const { service, run } = await setUp()

    const asset = await (await run()).load('hero.png?meshy&formats=3mf,stl')

    expect(await filesOf(asset)).toEqual({
      'hero.glb': await service.served('glb'),
      'hero.stl': await service.served('stl'),
      'hero.3mf': await service.served('3mf'),
    })
    expect(bodyOf(service)['target_formats']).toEqual(['glb', 'obj', 'fbx', 'stl', 'usdz', '3mf'])
    const { key } = asset.metadata
    expect((await (await run()).load('hero.png?meshy')).metadata.key).toBe(key)
  })

  it('are made by one task when several imports of a key want different ones', async () => {
    const { service, run } = await setUp()
    const { load } = await run()

    await Promise.all([
      load('hero.png?meshy&target_formats=glb'),
      load('hero.png?meshy&formats=3mf'),
      load('hero.png?meshy&formats=stl'),
      load('hero.png?meshy&alpha_thumbnail'),
    ])
    const asset = await load('hero.png?meshy&formats=3mf,stl&alpha_thumbnail')

    expect(Object.keys(await filesOf(asset))).toEqual([
      'hero.glb', 'hero.stl', 'hero.3mf', 'hero-alphaThumbnail.png',
    ]) // prettier-ignore
    expect(service.emulator.counts.posts).toBe(1)
  })

  it('are said to be missing when the task made none', async () => {
    const { run } = await setUp()
    await (await run()).load('hero.png?meshy')

    const { load, told } = await run()
    const asset = await load('hero.png?meshy&formats=3mf')

    expect(Object.keys(await filesOf(asset))).toEqual(['hero.glb'])
    expect(told.join('\n')).toContain('its task produced no `3mf`')
  })

  it('have pictures from four sides and without background, where they are asked for', async () => {
    const { service, run } = await setUp()

    const asset = await (await run()).load('hero.png?meshy&alpha_thumbnail&multi_view_thumbnails')

    const names = ['alpha', 'front', 'right', 'back', 'left'].map((name) => `hero-${name}Thumbnail.png`)
    const files = await filesOf(asset)
    expect(Object.keys(files)).toEqual(['hero.glb', ...names])
    expect(new Set(names.map((name) => files[name]?.toString('base64'))).size).toBe(5)
    expect(service.emulator.counts.posts).toBe(1)
  })

  it('are no reason not to serve a model that was pinned before they were fetched', async () => {
    const { service, run } = await setUp()
    const query = 'hero.png?meshy&alpha_thumbnail'
    await (await run()).load(query)
    await forgetFile('alphaThumbnail')
    await service.emulator.close()

    const { load, told } = await run({ mode: 'frozen', apiKey: undefined })
    const asset = await load(query)

    expect(Object.keys(await filesOf(asset))).toEqual(['hero.glb'])
    expect(asset.metadata.state).toBe('ready')
    expect(told.join('\n')).toContain('`thumbnails.alpha` was not kept')
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
    expect(failure.hint).toContain('remove the directive')
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
    ['fbx', 'formats=fbx', 'Not found\n'],
  ])('are refused when the %s is something else', async (kind, directive, text) => {
    const { service, run } = await setUp()
    service.files[kind] = Buffer.from(text)

    const failure = await failureOf((await run()).load(`hero.png?meshy&${directive}`))

    expect(failure.code).toBe('MESHY_DOWNLOAD_INVALID')
    expect(failure.message).toContain(`The served ${kind} file`)
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
    expect(first.told.filter((line) => line.includes('kept as it is'))).toHaveLength(1)
    const later = await (await run({ mode: 'frozen' })).load(`hero.png?meshy&formats=${kind}`)
    expect(later.metadata.state).toBe('ready')
  })

  it('is kept where a preview is a WebP', async () => {
    const head = Buffer.from('RIFF\x1a\0\0\0WEBPVP8L', 'latin1')

    expect(checkFormat('picture', 'thumbnail', { head, total: head.length })).toMatch(
      /does not start like a PNG or JPEG/,
    )
    expect(extensionOf('picture', head)).toBe('webp')
  })
})

describe('restore', () => {
  it('fetches once when two processes miss the same bytes', async () => {
    const { service, run } = await setUp()
    const { key } = (await (await run()).load('hero.png?meshy')).metadata
    const contexts = [(await run()).context, (await run()).context]
    const entry = await contexts[0]?.ports.store.lockfile?.get(key)
    if (!entry) throw new Error('It is pinned.')
    await rm(dir('.meshy', 'blobs'), { recursive: true })
    const before = service.emulator.counts.downloads

    await Promise.all(
      contexts.map(async (context) => restore(await context.paying(), { entry, lacking: ['glb'] })),
    )

    expect(service.emulator.counts.downloads).toBe(before + 1)
  })
})
