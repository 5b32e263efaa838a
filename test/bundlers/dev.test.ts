import { statSync } from 'node:fs'
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'vite'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PluginApi } from '../../src/bundlers/adapter.ts'
import type { AssetMetadata } from '../../src/types.ts'
import { REPOSITORY, type Project } from '../support/project.ts'
import { startGenerating } from '../support/generate-child.ts'
import { pinCard } from '../support/pin-card.ts'
import { startDev, type DevServer } from './dev-server.ts'
import { emulate, entryOf, makeProject, paying, readFiles, servedModels, VITES } from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy&poly=900') }
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 17000\n`
/** The first is about the picture, the others are about the account. */
const REFUSALS = [
  ['shows a celebrity', { kind: 'status', status: 400, message: 'The picture shows a celebrity' }],
  ['answered 402', { kind: 'outOfCredits' }],
  ['answered 401', { kind: 'unauthorized' }],
] as const
/** A failure of the request, which the same request would meet again. */
const FAILURE = { kind: 'failTask', type: 'invalid_input', message: 'cannot find an object' } as const

describe.each(VITES)('a dev server of %s', (vite) => {
  it('asks by default: a stand-in at once, a price, and nothing sent', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: { baseUrl: emulator.url, apiKey: emulator.apiKey } })

    const { metadata, glb } = await dev.model()
    await dev.told(/30 credits/)

    expect(metadata).toMatchObject({ state: 'preview', source: 'stand-in' })
    expect(glb.toString('latin1', 0, 4)).toBe('glTF')
    expect(emulator.counts.total).toBe(0)
  })

  it('generates in `generate`: a stand-in at once, then the model without a touch', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })

    const standIn = await dev.model()
    const model = await dev.until(settled)

    expect(standIn.metadata).toMatchObject({ state: 'pending', source: 'stand-in' })
    expect(model.metadata).toMatchObject({ state: 'ready', source: 'emulator', key: standIn.metadata.key })
    expect([model.glb]).toEqual(await servedModels(emulator))
    expect(emulator.counts.posts).toBe(1)
  })

  it('swaps in place when the importer accepts updates', async () => {
    const emulator = await emulate()
    const files = { 'main.js': `${FILES['main.js']}import.meta.hot.accept()\n` }
    const project = await makeProject({ files })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    await dev.model()

    const update = await dev.message('update')

    expect(update).toMatchObject({ updates: [{ type: 'js-update', path: '/main.js' }] })
    expect((await dev.model()).metadata.state).toBe('ready')
  })

  it.each([
    ['asks', true],
    ['has no key', false],
  ])('shows a model that another terminal has generated, where it %s', async (_, hasKey) => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const { url: baseUrl, apiKey } = emulator
    const dev = await startDev(vite, project, { meshy: hasKey ? { baseUrl, apiKey } : { baseUrl } })
    await dev.model()

    await startGenerating(project.root, emulator, { specifiers: ['hero.png?meshy&poly=900'] }).exited

    const model = await dev.until(({ state }) => state === 'ready')
    expect([model.glb]).toEqual(await servedModels(emulator))
    expect(emulator.counts.posts).toBe(1)
  })

  it('follows a lockfile that another terminal or git has changed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const specifier = 'hero.png?meshy&poly=900'
    await startGenerating(project.root, emulator, { specifiers: [specifier] }).exited
    const lockfile = path.join(project.root, 'meshy-lock.json')
    const before = await readFile(lockfile)
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    const [served] = await servedModels(emulator)
    expect((await dev.model()).glb).toEqual(served)

    const own = await pinCard({ root: project.root, service: emulator, specifier })
    await dev.message('full-reload')
    expect((await dev.model()).glb).toEqual(own)
    await writeFile(lockfile, before)
    await dev.message('full-reload')

    expect((await dev.model()).glb).toEqual(served)
    expect(emulator.counts.posts).toBe(1)
  })

  it('shows a model from a cache that Vite does not watch, and says what is wrong with such a cache', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: { ...FILES, 'meshy.config.json': { cacheDir: 'node_modules/.cache/meshy' } },
    })
    const dev = await startDev(vite, project, { meshy: { baseUrl: emulator.url, apiKey: emulator.apiKey } })
    await dev.model()
    await dev.told(/node_modules\/\.cache\/meshy.*`npm ci` deletes.*`cacheDir`/)

    await startGenerating(project.root, emulator, {
      specifiers: ['hero.png?meshy&poly=900'],
      cacheDir: 'node_modules/.cache/meshy',
    }).exited

    await dev.message('full-reload')
    const model = await dev.model()
    expect(model.metadata.state).toBe('ready')
    expect([model.glb]).toEqual(await servedModels(emulator))
    expect(emulator.counts.posts).toBe(1)
  })

  it('shows a model that arrives while its module passes through other plugins', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const slow = holdUntilArrival(project.root)

    const dev = await startDev(vite, project, { meshy: paying(emulator), config: { plugins: [slow] } })

    expect((await dev.model()).metadata.state).toBe('pending')
    await dev.message('full-reload')
    expect((await dev.model()).metadata.state).toBe('ready')
  })

  it('gives server and client the same model', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    await dev.until(settled)

    const rendered = await dev.server.ssrLoadModule('/main.js')

    const { glb, metadata } = await dev.model()
    expect(rendered['default'].hero.metadata).toEqual(metadata)
    expect(await dev.bytes(rendered['default'].hero.url)).toEqual(glb)
    expect(emulator.counts.posts).toBe(1)
  })

  it('takes a recipe, and follows its changes', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js': entryOf('./knight.meshy.json?meshy'),
        'knight.meshy.json': { image: './hero.png', poly: 900 },
      },
    })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    const first = await dev.until(settled)

    await project.write({ 'knight.meshy.json': { image: './hero.png', poly: 901 } })
    const second = await dev.until(({ key, state }) => key !== first.metadata.key && state === 'ready')

    expect(second.glb.toString('latin1', 0, 4)).toBe('glTF')
    expect(emulator.counts.posts).toBe(2)
  })

  it('generates again when the picture of a failed model changes', async () => {
    const emulator = await emulate({ faults: [{ ...FAILURE, nth: 1 }] })
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    const failed = await dev.until(settled)

    await savePicture(project, 'chair.png')
    const model = await dev.until(({ key }) => key !== failed.metadata.key)
    await dev.until(({ state }) => state === 'ready')

    expect([failed, model].map(({ metadata }) => metadata.state)).toEqual(['preview', 'pending'])
    expect(emulator.counts.posts).toBe(2)
  })

  it.each([
    ['broken', 'hero.png', (file: string) => writeFile(file, 'no picture')],
    ['broken', 'side.png', (file: string) => writeFile(file, 'no picture')],
    ['missing', 'side.png', (file: string) => rm(file)],
  ])('reloads the page when a %s `%s` is mended', async (_, name, damage) => {
    const project = await makeProject({
      files: { 'main.js': entryOf('./hero.png?meshy&views=side.png') },
      pictures: { 'side.png': 'chair.png' },
    })
    const file = path.join(project.root, name)
    await damage(file)
    const dev = await startDev(vite, project, { meshy: { mode: 'preview' } })
    await expect(dev.model()).rejects.toThrow(name)

    const reloaded = dev.message('full-reload')
    const chair = path.join(REPOSITORY, 'playground/images/chair.png')
    // A watcher may begin some moment later.
    const saving = setInterval(() => copyFile(chair, file), 500)
    onTestFinished(() => clearInterval(saving))
    await reloaded
    clearInterval(saving)

    expect((await dev.until(settled)).metadata.state).toBe('preview')
  })

  it('tells a bad import in its answer, and takes it when it is fixed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&polly=900') } })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })

    await expect(dev.model()).rejects.toThrow(/main\.js:1: hero\.png: Unknown directive `polly`/)
    await project.write(FILES)
    await dev.message('full-reload')

    expect((await dev.until(settled)).metadata.state).toBe('ready')
  })
})

// Nothing of this depends on the version.
describe('a dev server', () => {
  const [vite] = VITES

  it('shows a stand-in without a key, and says so once', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js': entryOf('./hero.png?meshy&poly=900'),
        'other.js': entryOf('./hero.png?meshy&poly=901'),
      },
    })
    const dev = await startDev(vite, project, { meshy: { baseUrl: emulator.url } })

    const states = [(await dev.model()).metadata.state, (await dev.model('/other.js')).metadata.state]

    expect(states).toEqual(['preview', 'preview'])
    expect(dev.log.filter((line) => line.includes('MESHY_API_KEY'))).toHaveLength(1)
    expect(emulator.counts.total).toBe(0)
  })

  it('says nothing of a key when the config file chose stand-ins', async () => {
    const project = await makeProject({ files: { ...FILES, 'meshy.config.json': { mode: 'preview' } } })
    const dev = await startDev(vite, project, { meshy: {} })

    expect((await dev.model()).metadata.state).toBe('preview')
    expect(dev.log.filter((line) => line.includes('MESHY_API_KEY'))).toEqual([])
  })

  it('serves a stored model at once, without a key', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const first = await startDev(vite, project, { meshy: paying(emulator) })
    await first.until(settled)
    await first.close()
    const before = emulator.counts.total

    const second = await startDev(vite, project, { meshy: { baseUrl: emulator.url } })

    expect((await second.model()).metadata.state).toBe('ready')
    expect(emulator.counts.total).toBe(before)
  })

  it('shows a model whose bytes git brings after a pointer', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    await startGenerating(project.root, emulator, { specifiers: ['hero.png?meshy&poly=900'] }).exited
    const blobs = path.join(project.root, '.meshy/blobs')
    const bytes = await readFiles(blobs)
    for (const name of bytes.keys()) await writeFile(path.join(blobs, name), LFS_POINTER)
    await rm(path.join(project.root, '.meshy/out'), { recursive: true, force: true })
    const dev = await startDev(vite, project, { meshy: { baseUrl: emulator.url, machineStore: false } })
    expect((await dev.model()).metadata.state).toBe('preview')

    for (const [name, content] of bytes) await writeFile(path.join(blobs, name), content)

    const model = await dev.until(({ state }) => state === 'ready')
    expect([model.glb]).toEqual(await servedModels(emulator))
  })

  it('keeps the stand-in of a failed model, says why once, and never submits it again by itself', async () => {
    const emulator = await emulate({ faults: [FAILURE] })
    const project = await makeProject({ files: FILES })
    const first = await startDev(vite, project, { meshy: paying(emulator) })
    const standIn = await first.model()
    const failed = await first.until(settled)
    await first.model('/main.js?again')
    await first.close()

    const second = await startDev(vite, project, { meshy: paying(emulator) })
    const restarted = await second.model()
    await second.told(/cannot find an object/)

    expect([standIn, failed, restarted].map(({ metadata }) => metadata.state)).toEqual([
      'pending',
      'preview',
      'preview',
    ])
    expect(failed.metadata).toMatchObject({ source: 'stand-in', key: standIn.metadata.key })
    expect(first.log.filter((line) => line.includes('cannot find an object'))).toHaveLength(1)
    expect(emulator.counts.posts).toBe(1)
  })

  it.each(REFUSALS)(
    'keeps the stand-in after a refusal, says why once, and submits it after a restart only when told to: %s',
    async (reason, refusal) => {
      const emulator = await emulate({ faults: [{ ...refusal, on: 'create', nth: 1 }] })
      const project = await makeProject({ files: FILES })
      const first = await startDev(vite, project, { meshy: paying(emulator) })
      const standIn = await first.model()
      const refused = await first.until(settled)
      await first.close()

      const second = await startDev(vite, project, { meshy: paying(emulator) })
      const restarted = await second.model()
      await second.told(/30 credits\. Open \/__meshy\//)
      const posts = emulator.counts.posts
      await pressG(second)
      const model = await second.until(({ state }) => state === 'ready')

      const states = [standIn, refused, restarted].map(({ metadata }) => metadata.state)
      expect(states).toEqual(['pending', 'preview', 'preview'])
      for (const { log } of [first, second]) {
        expect(log.filter((line) => line.includes(reason))).toHaveLength(1)
      }
      expect(posts).toBe(1)
      expect(model.metadata.key).toBe(standIn.metadata.key)
      expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
    },
  )

  it('submits another query than the one that was refused after a restart', async () => {
    const [[, refusal]] = REFUSALS
    const emulator = await emulate({ faults: [{ ...refusal, on: 'create', nth: 1 }] })
    const project = await makeProject({ files: FILES })
    const first = await startDev(vite, project, { meshy: paying(emulator) })
    await first.model()
    await first.until(settled)
    await first.close()

    await project.write({ 'main.js': entryOf('./hero.png?meshy&poly=901') })
    const second = await startDev(vite, project, { meshy: paying(emulator) })
    await second.model()
    await second.until(({ state }) => state === 'ready')

    expect(emulator.counts).toMatchObject({ posts: 2, created: 1 })
  })
})

/** What the key of the terminal does. */
async function pressG({ server }: DevServer): Promise<void> {
  const plugin = server.config.plugins.find(({ name }) => name === 'unplugin-meshy')
  const api = plugin?.api as PluginApi | undefined
  await api?.agree()
}

/** A plugin that holds our module until Vite has been told, in vain, that its model has arrived. */
function holdUntilArrival(root: string): Plugin {
  let arrived: Promise<void> | undefined
  return {
    name: 'hold',
    configureServer({ watcher }) {
      const heard = (name: string) =>
        new Promise<void>((resolve) => {
          watcher.on('all', (_event, file) => {
            const isRight = file.includes(name) && statSync(file, { throwIfNoEntry: false })?.size
            if (isRight) resolve()
          })
        })
      const handled = heard('later.txt')
      // Vite has handled the one when the other comes.
      arrived = heard('.meshy/state/')
        .then(() => writeFile(path.join(root, 'later.txt'), 'later'))
        .then(() => handled)
    },
    async transform(_code, id) {
      if (id.includes('?meshy=')) await arrived
    },
  }
}

/** Nothing is on its way any more. */
function settled({ state }: AssetMetadata): boolean {
  return state !== 'pending'
}

/** Saves another picture under the name of the imported one, whole at once. */
async function savePicture({ root }: Project, picture: string): Promise<void> {
  const copy = path.join(root, 'hero.png.new')
  await copyFile(path.join(REPOSITORY, 'playground', 'images', picture), copy)
  await rename(copy, path.join(root, 'hero.png'))
}
