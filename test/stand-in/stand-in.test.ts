import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeshyError } from '../../src/system/errors.ts'
import { makeCard } from '../../src/stand-in/card.ts'
import type { PreviewPool } from '../../src/stand-in/mesher/pool.ts'
import { readStandIn, writeStandIn } from '../../src/stand-in/stand-in-file.ts'
import type { Clock } from '../../src/system/clock.ts'
import { badPictures, hugePng, oddPictures } from '../glb/damaged.ts'
import { makePng } from '../glb/pictures.ts'
import { canMount, makeReadOnly, mountVolume } from '../support/mounts.ts'
import { openRun, writePictures, type TestRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

/** Has meshes made in another way up to the end of the test: the threads are those of the whole process. */
async function meshBy({ context }: TestRun, make: PreviewPool['make']): Promise<void> {
  const pool = await context.makers.mesher()
  const own = pool.make
  pool.make = make
  onTestFinished(() => {
    pool.make = own
  })
}

describe('makeStandIn', () => {
  const temp = useTempDir()
  const root = () => temp.path()

  async function setUp(count: number) {
    const names = Array.from({ length: count }, (_, i) => `p${i}.png`)
    await writePictures(root(), ...names)
    const sleeps: number[] = []
    // Only the moment passes in which others may come: no patience ends, and no mesh is begun that waits.
    const clock: Clock = {
      now: () => Date.now(),
      sleep: async (ms) => {
        sleeps.push(ms)
        await (ms === 50 ? setTimeout(ms) : new Promise(() => {}))
      },
    }
    const run = await openRun({ root: root(), live: true, clock, options: { mode: 'preview' } })
    let begun = 0
    await meshBy(run, () => {
      begun++
      return new Promise(() => {})
    })
    const loads = names.map((name) => run.load(`${name}?meshy`))
    return { loads, sleeps, begun: () => begun }
  }

  it('gives a page with many missing models cards at once, and begins the meshes later', async () => {
    const { loads, sleeps, begun } = await setUp(7)

    const assets = await Promise.all(loads)

    expect(assets.every(({ files }) => files[0]?.path.includes(`${path.sep}card${path.sep}`))).toBe(true)
    expect(sleeps.filter((ms) => ms === 1500)).toHaveLength(7)
    expect(begun()).toBe(0)
  })

  it('begins the meshes at once, and waits for them a while, when there are few', async () => {
    const { loads, sleeps, begun } = await setUp(2)

    await expect.poll(begun).toBe(2)
    await expect.poll(() => sleeps).toContain(350)

    expect(sleeps).not.toContain(1500)
    expect(await Promise.race([...loads, 'waiting'])).toBe('waiting')
  })
})

describe('a stand-in that is a card since its mesh is late', () => {
  const temp = useTempDir()

  /** A live run whose mesh comes when the test says so. */
  async function setUp() {
    await writePictures(temp.path(), 'hero.png')
    const run = await openRun({ root: temp.path(), live: true, options: { mode: 'preview' } })
    let settle: (mesh: Promise<Uint8Array>) => void = () => {}
    const made = new Promise<Uint8Array>((resolve) => (settle = resolve))
    const rest = { textures: {}, kind: 'slab' as const, triangles: 0, vertices: 0, notes: [] }
    await meshBy(run, async () => ({ ...rest, glb: await made }))
    const asset = await run.load('hero.png?meshy')
    return { run, asset, settle: (mesh: Promise<Uint8Array>) => settle(mesh) }
  }

  it('tells when the mesh is stored, which the next load gives', async () => {
    const { run, asset, settle } = await setUp()

    settle(Promise.resolve(makeCard({ image: makePng(4, 2), name: 'mesh', textured: false })))
    const isStored = await asset.improved
    const next = await run.load('hero.png?meshy')

    expect(asset.files[0]?.path).toContain(`${path.sep}card${path.sep}`)
    expect(isStored).toBe(true)
    expect(next.files[0]?.path).toContain(`${path.sep}mesh${path.sep}`)
    expect(next.improved).toBeUndefined()
  })

  it.each([
    ['the worker dies', new MeshyError('MESHY_PREVIEW_CRASHED', { message: 'It died.', hint: 'Run again.' })],
    ['the disk is full', new MeshyError('MESHY_CACHE_UNWRITABLE', { message: 'Full.', hint: 'Free space.' })],
    ['of a bug', new TypeError('A bug.')],
  ])('stays one, and says why once, when there is no mesh because %s', async (_, error) => {
    const { run, asset, settle } = await setUp()

    settle(Promise.reject(error))

    expect(await asset.improved).toBe(false)
    expect(run.told.filter((text) => text.includes(error.message))).toHaveLength(1)
  })
})

describe('the stand-in of a picture that is odd', () => {
  const temp = useTempDir()

  it('is a mesh or a card, and never an error', async () => {
    const { 'junk.jpg': junk, 'no-end.jpg': noEnd } = await oddPictures()
    const { 'rotten.png': rotten, 'cut.jpg': cut, 'nothing.png': nothing } = await badPictures()
    const pictures = Object.entries({
      'junk.jpg': junk ?? '',
      'no-end.jpg': noEnd ?? '',
      'rotten.png': rotten?.bytes ?? '',
      'cut.jpg': cut?.bytes ?? '',
      'nothing.png': nothing?.bytes ?? '',
    })
    for (const [name, bytes] of pictures) await writeFile(temp.path(name), bytes)
    const { loadAll } = await openRun({ root: temp.path(), options: { mode: 'preview' } })

    const assets = await loadAll(pictures.map(([name]) => `${name}?meshy&poly=500`))

    const shown = assets.map((asset) =>
      'files' in asset ? asset.files[0]?.path.split(path.sep).at(-2) : asset,
    )
    expect(shown).toEqual(['mesh', 'mesh', 'card', 'card', 'card'])
  })

  it.each([
    ['no library can decode it', new MeshyError('MESHY_IMAGE_INVALID', { message: 'Odd.', hint: 'No.' })],
    ['of a bug', new TypeError('Odd.')],
  ])('is a card, which is told once, when %s', async (_, error) => {
    await writePictures(temp.path(), 'hero.png')
    const run = await openRun({ root: temp.path(), options: { mode: 'preview' } })
    await meshBy(run, () => Promise.reject(error))

    const asset = await run.load('hero.png?meshy')
    await run.load('hero.png?meshy')

    expect(asset.files[0]?.path).toContain(`${path.sep}card${path.sep}`)
    expect(
      run.told.filter((text) => text.includes('its stand-in is a card') && text.includes('Odd.')),
    ).toHaveLength(1)
  })

  it('is a plain plate when a browser could not unpack the picture', async () => {
    await writeFile(temp.path('huge.png'), hugePng())
    const run = await openRun({ root: temp.path(), options: { mode: 'preview' } })
    await meshBy(run, () => Promise.reject(new Error('too large')))

    const asset = await run.load('huge.png?meshy')

    const { size } = asset.metadata.bounds
    expect(asset.metadata).toMatchObject({ state: 'preview', textures: 0 })
    expect(size[0] / size[1]).toBeCloseTo(20 / 14)
  })
})

describe('the stand-in of a pinned model whose bytes are not here', () => {
  const temp = useTempDir()

  it('has the facts of that model', async () => {
    await writePictures(temp.path(), 'hero.png')
    const service = await startService()
    const real = await (await openRun({ root: temp.path(), service })).load('hero.png?meshy')
    await rm(temp.path('.meshy'), { recursive: true })

    const shown = await (
      await openRun({ root: temp.path(), options: { mode: 'preview' }, service })
    ).load('hero.png?meshy')

    const { state, source, bytes, integrity, ...facts } = shown.metadata
    expect({ state, source }).toEqual({ state: 'preview', source: 'stand-in' })
    expect(real.metadata).toMatchObject(facts)
    expect([bytes, integrity]).not.toEqual([real.metadata.bytes, real.metadata.integrity])
  })
})

describe.skipIf(!canMount)('a stand-in in a project that can only be read', () => {
  const temp = useTempDir()

  it.each([
    ['a build of a new clone', false, false],
    ['a build of a clone that has a cache', false, true],
    ['a server of a new clone', true, false],
    ['a server of a clone that has a cache', true, true],
  ])('is in a temporary folder, and made once: %s', async (_, live, isPrepared) => {
    onTestFinished(mountVolume(temp.path(), 'size=1m').release)
    await writePictures(temp.path(), 'hero.png')
    const open = () => openRun({ root: temp.path(), live, options: { mode: 'preview' } })
    if (isPrepared) await (await open()).context.ports.store.prepare()
    makeReadOnly(temp.path())
    const run = await open()
    const load = async () => {
      const { files, metadata, stateFile } = await run.load('hero.png?meshy')
      return { path: files[0]?.path ?? '', state: metadata.state, stateFile }
    }

    const first = await load()
    expect(first).toMatchObject({ state: 'preview', stateFile: undefined })
    expect(first.path.startsWith(temp.path())).toBe(false)

    // A server may show a card first.
    await expect.poll(async () => (await load()).path).toContain(`${path.sep}mesh${path.sep}`)
    await meshBy(run, () => Promise.reject(new Error('It was made before')))
    expect((await load()).path).toContain(`${path.sep}mesh${path.sep}`)
  })
})

describe('readStandIn', () => {
  const temp = useTempDir()

  async function setUp() {
    await writePictures(temp.path(), 'hero.png')
    const { context } = await openRun({ root: temp.path(), options: { mode: 'preview' } })
    const glb = makeCard({ image: makePng(4, 2), name: 'hero', textured: true })
    const file = path.join(context.ports.store.layout.preview, 'key', 'mesh', 'hero.glb')
    return { file, glb, written: await writeStandIn(context.ports.store, file, glb) }
  }

  it('gives what was written', async () => {
    const { file, glb, written } = await setUp()

    expect(await readStandIn(file)).toEqual(written)
    expect(await readFile(file)).toEqual(Buffer.from(glb))
    expect(written).toMatchObject({
      path: file,
      bytes: glb.length,
      facts: { triangles: expect.any(Number) as number },
    })
  })

  it.each([
    ['torn', '{"sha'],
    ['of another file', JSON.stringify({ sha256: 'other', bytes: 1, facts: {} })],
  ])('reads the model when the description is %s', async (_, text) => {
    const { file, written } = await setUp()
    await writeFile(`${file}.json`, text)

    expect(await readStandIn(file)).toEqual(written)
  })

  it('finds none when the model is torn', async () => {
    const { file } = await setUp()
    const { size } = await stat(file)
    await writeFile(file, (await readFile(file)).subarray(0, size >> 1))

    expect(await readStandIn(file)).toBeUndefined()
  })

  it('finds none when there is none', async () => {
    const { file } = await setUp()

    expect(await readStandIn(path.join(path.dirname(file), 'other.glb'))).toBeUndefined()
    expect((await readdir(path.dirname(file))).sort()).toEqual(['hero.glb', 'hero.glb.json'])
  })
})
