import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isMeshyError } from '../../src/system/errors.ts'
import type { Options } from '../../src/run/option-types.ts'
import { badPictures, drawPng, hugePng, oddPictures } from '../glb/damaged.ts'
import { startGenerating } from '../support/generate-child.ts'
import { canMount, makeReadOnly, mountVolume } from '../support/mounts.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const GLTF_TRANSFORM = ['@gltf-transform/core', '@gltf-transform/extensions', '@gltf-transform/functions']

const { path: dir } = useTempDir()

async function setUp(options: Options = {}) {
  const service = await startService()
  return { service, run: () => openRun({ root: dir(), service, options }) }
}

describe('pictures, before they are paid', () => {
  async function write(pictures: Record<string, Uint8Array>): Promise<string[]> {
    for (const [name, bytes] of Object.entries(pictures)) await writeFile(dir(name), bytes)
    return Object.keys(pictures).map((name) => `${name}?meshy`)
  }

  it('are decoded: what is damaged or shows nothing is refused', async () => {
    const bad = Object.entries(await badPictures())
    const specifiers = await write(Object.fromEntries(bad.map(([name, { bytes }]) => [name, bytes])))
    const { service, run } = await setUp()

    const results = await (await run()).loadAll(specifiers)

    const told = results.map((result) => (isMeshyError(result) ? result : undefined))
    expect(told.map((error) => error?.code)).toEqual(bad.map(() => 'MESHY_IMAGE_INVALID'))
    for (const [index, [name, { reason }]] of bad.entries()) {
      expect(told[index]?.message).toContain(name)
      expect(told[index]?.message).toContain(`${reason}`)
    }
    expect(service.counts.posts).toBe(0)
  })

  it('pass when viewers show them, however odd they are', async () => {
    const specifiers = await write({ ...(await oddPictures()), 'huge.png': hugePng() })
    const { service, run } = await setUp({ maxCredits: 1000 })

    const results = await (await run()).loadAll(specifiers)

    expect(results.filter((result) => isMeshyError(result))).toEqual([])
    expect(service.counts.posts).toBe(specifiers.length)
  })

  it.each(['views=./bad.png', 'texture-image=./bad.png'])('are looked at in `%s` as well', async (query) => {
    await write({
      'hero.png': await drawPng(),
      'bad.png': (await badPictures())['nothing.png']?.bytes ?? Buffer.alloc(0),
    })
    const { service, run } = await setUp()

    const failure = await failureOf((await run()).load(`hero.png?meshy&${query}`))

    expect(failure).toMatchObject({
      code: 'MESHY_IMAGE_INVALID',
      message: expect.stringContaining('bad.png'),
    })
    expect(service.counts.posts).toBe(0)
  })

  it('keep the others of a build from being paid', async () => {
    await write({
      'hero.png': await drawPng(),
      'bad.png': (await badPictures())['rotten.png']?.bytes ?? Buffer.alloc(0),
    })
    const { service } = await setUp()
    const { loadAll } = await openRun({ root: dir(), service, gather: 2 })

    const results = await loadAll(['hero.png?meshy', 'bad.png?meshy'])

    expect(results).toMatchObject([{ code: 'MESHY_NOT_SUBMITTED' }, { code: 'MESHY_IMAGE_INVALID' }])
    expect(service.counts.posts).toBe(0)
  })

  it('are refused without `sharp` for what can be proved without it', async () => {
    const { 'rotten.png': rotten, 'cut.jpg': cut } = await badPictures()
    const hero = await drawPng()
    const specifiers = await write({
      'rotten.png': rotten?.bytes ?? Buffer.alloc(0),
      'cut.jpg': cut?.bytes ?? Buffer.alloc(0),
    })
    await write({ 'hero.png': hero })
    const { service } = await setUp()

    const bad = await generateWithout(service, specifiers, { WITHOUT_PACKAGES: 'sharp' })
    const { posts } = service.counts
    const good = await generateWithout(service, ['hero.png?meshy'], { WITHOUT_PACKAGES: 'sharp' })

    expect(bad).toEqual([
      expect.stringMatching(/^MESHY_IMAGE_INVALID: .*rotten.png/),
      expect.stringMatching(/^MESHY_IMAGE_INVALID: .*cut.jpg.* is truncated/),
    ])
    expect(posts).toBe(0)
    expect(good).toEqual(['ready'])
  })
})

describe('packages of a derivation', () => {
  it.each([
    [
      'optimize',
      { WITHOUT_PACKAGES: GLTF_TRANSFORM[2] ?? '' },
      /`@gltf-transform\/functions` is not installed\. /,
    ],
    ['optimize', { BROKEN_PACKAGES: 'sharp' }, /: `sharp` is installed, but cannot be loaded here [^;]*$/],
    [
      'simplify=500',
      { BROKEN_PACKAGES: 'sharp' },
      /: `sharp` is installed, but cannot be loaded here [^;]*$/,
    ],
    ['texture-size=512', { WITHOUT_PACKAGES: 'sharp' }, /: `sharp` is not installed\. /],
    ['compress=draco', { WITHOUT_PACKAGES: 'draco3dgltf' }, /: `draco3dgltf` is not installed\. /],
  ])('are missing for `%s` before anything is paid', async (query, env, reason) => {
    await writePictures(dir(), 'hero.png')
    const { service } = await setUp()

    const [told] = await generateWithout(service, [`hero.png?meshy&${query}`], env)

    expect(told).toMatch(/^MESHY_DERIVE_UNAVAILABLE: `hero.png`: /)
    expect(told).toMatch(reason)
    expect(told).toMatch(/Nothing was submitted\.$/)
    expect(service.counts.posts).toBe(0)
  })

  it('are those of every import that shares a key', async () => {
    await writePictures(dir(), 'hero.png')
    const { service } = await setUp()
    const specifiers = ['hero.png?meshy', 'hero.png?meshy&compress=draco']

    const told = await generateWithout(service, specifiers, { WITHOUT_PACKAGES: 'draco3dgltf' })

    expect(told.join()).toMatch(/MESHY_DERIVE_UNAVAILABLE.*draco3dgltf/)
    expect(service.counts.posts).toBe(0)
  })

  it('are not asked for where nothing needs them', async () => {
    await writePictures(dir(), 'hero.png')
    const { service } = await setUp()
    const without = [...GLTF_TRANSFORM, 'sharp', 'draco3dgltf', 'meshoptimizer'].join(' ')

    expect(await generateWithout(service, ['hero.png?meshy'], { WITHOUT_PACKAGES: without })).toEqual([
      'ready',
    ])
  })
})

/** What came of each import in a process that lacks packages. */
async function generateWithout(
  service: { url: string; apiKey: string },
  specifiers: string[],
  env: Record<string, string>,
): Promise<string[]> {
  const preload = new URL('../support/without-packages.mjs', import.meta.url)
  const started = startGenerating(dir(), service, {
    specifiers,
    env: {
      ...env,
      NODE_OPTIONS: `--import ${preload.href}`,
      // Else the loader of the test reads these files itself, whatever Node.js says of them.
      JITI_NATIVE_MODULES: JSON.stringify(Object.values(env).join(' ').split(' ')),
    },
  })
  const { stdout, stderr, code } = await started.exited
  if (code !== 0) throw new Error(stderr)
  return stdout.trim().split('\n')
}

describe('a disk that cannot be written', () => {
  it.each<[string, string, (file: string) => Promise<unknown>]>([
    ['a folder has the name of the lockfile', 'meshy-lock.json', mkdir],
    ['a file stands where the folder of the lockfile should be', 'pins', (file) => writeFile(file, '')],
    ['a file has the name of the cache', '.meshy', (file) => writeFile(file, '')],
    ['a file has the name of a folder of the cache', '.meshy/entries', (file) => writeFile(file, '')],
  ])('is known before anything is paid when %s', async (_, name, spoil) => {
    await writePictures(dir(), 'hero.png')
    await mkdir(path.dirname(dir(name)), { recursive: true })
    await spoil(dir(name))
    const { service, run } = await setUp(name === 'pins' ? { lockfile: 'pins/lock.json' } : {})

    const failure = await failureOf((await run()).load('hero.png?meshy'))

    expect(failure.code).toBeOneOf(['MESHY_CACHE_UNWRITABLE', 'MESHY_CACHE_UNREADABLE'])
    expect(service.counts.posts).toBe(0)
  })

  it.skipIf(!canMount)(
    'is known before anything is paid when the checkout is read-only and the cache is not',
    async () => {
      const checkout = mountVolume(dir('app'), 'size=1m')
      onTestFinished(checkout.release)
      await writePictures(dir('app'), 'hero.png')
      await mkdir(dir('app/.meshy'))
      onTestFinished(mountVolume(dir('app/.meshy'), 'size=10m').release)
      makeReadOnly(dir('app'))
      const service = await startService()

      const failure = await failureOf((await openRun({ root: dir('app'), service })).load('hero.png?meshy'))

      expect(failure).toMatchObject({
        code: 'MESHY_CACHE_UNWRITABLE',
        message: expect.stringMatching(/meshy-lock\.json.*read-only.*Nothing was submitted\.$/),
      })
      expect(service.counts.posts).toBe(0)
    },
  )
})
