import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { readGlb } from '../../src/glb/read.ts'
import type { Asset } from '../../src/run/asset.ts'
import type { Options } from '../../src/run/option-types.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { failureOf, openRun, writePictures, type RunInit } from '../support/run.ts'
import { servedModel, startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from './pictures.ts'

const { path: dir } = useTempDir()

async function setUp() {
  await writeGrainyPicture(dir())
  const service = await startService()
  const run = (options: Options = {}, init: Partial<RunInit> = {}) =>
    openRun({ root: dir(), service, options, ...init })
  return { service, run }
}

const glbOf = async ({ files: [file] }: Asset) => new Uint8Array(await readFile(file?.path ?? ''))
const lockfile = async () => JSON.parse(await readFile(dir('meshy-lock.json'), 'utf8'))

describe('an import that derives', () => {
  it('gets a lighter model that is valid, and is told what it was', async () => {
    const { service, run } = await setUp()

    const { load, told } = await run()
    const asset = await load('hero.png?meshy&optimize')

    const source = await servedModel(service)
    const glb = await glbOf(asset)
    expect(glb.length).toBeLessThan(source.length / 2)
    expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
    expect(path.basename(asset.files[0]?.path ?? '')).toBe('hero.glb')
    expect(asset.metadata).toMatchObject({
      state: 'ready',
      bytes: glb.length,
      triangles: inspectGlb(glb).triangles,
      derived: {
        from: { bytes: source.length, triangles: inspectGlb(source).triangles },
        steps: ['optimize@3'],
      },
    })
    expect(told.join('\n')).toMatch(/hero\.png: deriving[^]*hero\.png: optimize@3: .* → /)
  })

  it('says in the file where it comes from, and leaves the bytes of the service as they are', async () => {
    const { service, run } = await setUp()
    const derived = await glbOf(await (await run()).load('hero.png?meshy&optimize'))
    const raw = await (await run()).load('hero.png?meshy')

    expect(readGlb(derived).json.asset).toMatchObject({
      extras: { 'unplugin-meshy': { key: raw.metadata.key, steps: ['optimize@3'] } },
    })
    expect(Buffer.from(await glbOf(raw))).toEqual(await servedModel(service))
    expect(raw.metadata).not.toHaveProperty('derived')
  })

  it('is pinned, kept beside the model, and derived once for all that want the same', async () => {
    const { service, run } = await setUp()
    const { loadAll, told } = await run()

    const [one, two] = await loadAll(['hero.png?meshy&optimize', 'hero.png?optimize&meshy&compress=meshopt'])
    const later = await (await run()).load('hero.png?meshy&optimize=true')

    expect(two).toEqual(one)
    expect(later).toEqual(one)
    expect(told.filter((text) => text.includes(' → '))).toHaveLength(1)
    expect(service.counts.posts).toBe(1)
    const [model] = Object.values<{ derived: object }>((await lockfile()).models)
    expect(Object.values(model?.derived ?? {})).toEqual([
      {
        sha256: expect.any(String),
        bytes: expect.any(Number),
        ext: 'glb',
        steps: ['optimize@3'],
        facts: expect.any(Object),
      },
    ])
  })

  it('is derived for each of two keys that have the same bytes, beside each other', async () => {
    const { run } = await setUp()
    const twins = ['hero.png?meshy&height=2', 'hero.png?meshy&take=2&height=2']
    const assets = await (await run()).loadAll(twins)

    const made = assets.filter((asset) => 'metadata' in asset)
    const bytes = await Promise.all(made.map(glbOf))

    expect(made.map(({ metadata }) => metadata.derived?.steps)).toEqual([['height=2'], ['height=2']])
    expect(bytes.map((glb) => readGlb(glb).json.asset)).toMatchObject(
      made.map(({ metadata: { key } }) => ({ extras: { 'unplugin-meshy': { key } } })),
    )
    expect(await (await run({ mode: 'frozen' })).loadAll(twins)).toEqual(made)
  })

  it('needs neither key, network nor the model itself when it is pinned and its bytes are here', async () => {
    const { service, run } = await setUp()
    const first = await (await run()).load('hero.png?meshy&optimize')
    await service.close()
    await removeSource()

    const again = await (await run({ mode: 'frozen', apiKey: undefined })).load('hero.png?meshy&optimize')

    expect(again).toEqual(first)
  })

  it('submits nothing when nothing but its steps change, and derives once for each change', async () => {
    const { service, run } = await setUp()
    const { load, told } = await run()
    const keys = new Set<string>()
    for (const steps of ['', '&optimize', '&optimize&texture-size=128', '&texture-size=256', '&optimize']) {
      keys.add((await load(`hero.png?meshy${steps}`)).metadata.key)
    }

    expect(keys.size).toBe(1)
    expect(told.filter((text) => text.includes(' → '))).toHaveLength(3)
    expect(service.counts.posts).toBe(1)
  })

  it('keeps the model when what is derived is not smaller, and says so', async () => {
    const { service, run } = await setUp()
    await writePictures(dir(), 'tiny.png')
    const { load, told } = await run()

    const asset = await load('tiny.png?meshy&compress=meshopt')
    const again = await (await run({ mode: 'frozen' })).load('tiny.png?meshy&compress=meshopt')

    expect(Buffer.from(await glbOf(asset))).toEqual(await servedModel(service))
    expect(asset.metadata).not.toHaveProperty('derived')
    expect(told.join('\n')).toContain('the result is not smaller, so the model stays as it was')
    expect(again).toEqual(asset)
  })

  it('is an error of 0 credits in `frozen` when it is not pinned', async () => {
    const { run } = await setUp()
    await (await run()).load('hero.png?meshy')

    const failure = await failureOf((await run({ mode: 'frozen' })).load('hero.png?meshy&optimize'))

    expect(failure).toMatchObject({ code: 'MESHY_MODEL_MISSING', details: { credits: 0 } })
    expect(failure.message).toContain(
      '`optimize@3` of it is not in the lockfile; deriving it costs 0 credits',
    )
  })

  it('is derived anew in a build, and an error in `frozen`, when its bytes are lost', async () => {
    const { run } = await setUp()
    const first = await (await run()).load('hero.png?meshy&optimize')
    await removeDerived()

    const failure = await failureOf((await run({ mode: 'frozen' })).load('hero.png?meshy&optimize'))
    expect(failure.message).toContain('is pinned, but its bytes are missing or damaged')
    expect(await (await run()).load('hero.png?meshy&optimize')).toEqual(first)
  })

  it('is pinned from what this machine has, and not derived again, when the lockfile lost it', async () => {
    const { run } = await setUp()
    const first = await (await run()).load('hero.png?meshy&optimize')
    await rm(dir('meshy-lock.json'))
    await (await run()).load('hero.png?meshy')

    const { load, told } = await run()
    expect(await load('hero.png?meshy&optimize')).toEqual(first)
    expect(told.join('\n')).not.toContain(' → ')
  })

  it('is left out in `preview`, which says so', async () => {
    const { run } = await setUp()
    const raw = await (await run()).load('hero.png?meshy')

    const { load, told } = await run({ mode: 'preview' })

    // Not what the import wants: no cache of a bundler may keep it.
    expect(await load('hero.png?meshy&optimize')).toEqual({ ...raw, isProvisional: true })
    expect(told.join('\n')).toContain('hero.png: optimize@3 is skipped')
  })

  it('comes after the model in a live run, which nobody waits for', async () => {
    const { run } = await setUp()
    const raw = await (await run()).load('hero.png?meshy')
    const { load } = await run({}, { live: true })

    const first = await load('hero.png?meshy&optimize')
    const stateFile = first.stateFile?.path ?? ''
    await expect.poll(() => readFile(stateFile, 'utf8'), { timeout: 30_000 }).toContain('done')
    const second = await load('hero.png?meshy&optimize')

    expect(first.metadata).toEqual(raw.metadata)
    expect(second.metadata.derived?.steps).toEqual(['optimize@3'])
  })

  it('is there when a live run has generated its model', async () => {
    const { service, run } = await setUp()
    const { load } = await run({}, { live: true })

    const { metadata, stateFile: watched } = await load('hero.png?meshy&texture-size=128')
    const stateFile = watched?.path ?? ''
    await expect.poll(() => readFile(stateFile, 'utf8'), { timeout: 30_000 }).toContain('done')

    expect(metadata.state).toBe('pending')
    const ready = await load('hero.png?meshy&texture-size=128')
    expect(ready.metadata).toMatchObject({ state: 'ready', derived: { steps: ['texture-size=128'] } })
    expect(service.counts.posts).toBe(1)
  })

  it('comes from a preset or the defaults as well', async () => {
    const { run } = await setUp()
    const options = {
      presets: { web: { optimize: true, 'texture-size': 256 } },
      defaults: { compress: 'none' },
    } as const

    const { metadata } = await (await run(options)).load('hero.png?meshy&preset=web')

    expect(metadata.derived?.steps).toEqual(['optimize@3', 'texture-size=256', 'compress=none@2'])
  })

  it('comes from a recipe as well', async () => {
    const { run } = await setUp()
    await writeFile(dir('hero.meshy.json'), '{ "image": "./hero.png", "optimize": true, "texture-size": 64 }')

    const { metadata } = await (await run()).load('hero.meshy.json?meshy')

    expect(metadata.derived?.steps).toEqual(['optimize@3', 'texture-size=64'])
  })

  it('keeps what was derived on other machines when the lockfile is shared', async () => {
    const { run } = await setUp()
    await (await run()).load('hero.png?meshy&optimize')
    await (await run()).load('hero.png?meshy&texture-size=256')

    const [model] = Object.values<{ derived: object }>((await lockfile()).models)
    const keys = Object.keys(model?.derived ?? {})
    expect(keys).toHaveLength(2)
    expect(keys).toEqual(keys.toSorted())
  })
})

async function removeSource(): Promise<void> {
  const [model] = Object.values<{ files: { glb: { sha256: string } } }>((await lockfile()).models)
  await removeBlob(model?.files.glb.sha256 ?? '')
}

async function removeDerived(): Promise<void> {
  const [model] = Object.values<{ derived: Record<string, { sha256: string }> }>((await lockfile()).models)
  for (const { sha256 } of Object.values(model?.derived ?? {})) await removeBlob(sha256)
}

/** The blob, and every copy under a speaking name. */
async function removeBlob(sha256: string): Promise<void> {
  await rm(dir('.meshy', 'blobs', sha256.slice(0, 2), `${sha256}.glb`))
  for (const folder of await readdir(dir('.meshy', 'out')))
    await rm(dir('.meshy', 'out', folder), { recursive: true })
}
