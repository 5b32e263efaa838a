import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPOSITORY, type Project } from '../support/project.ts'
import { startDev } from './dev-server.ts'
import { emulate, entryOf, makeProject, paying, posted, servedModels, VITES } from './harness.ts'

const FILES = { 'main.js': entryOf('./hero.png?meshy&poly=900') }
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

  it('generates in `generate`: a stand-in at once, then the model without a touch', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })

    const standIn = await dev.model()
    await dev.message('full-reload')
    const model = await dev.model()

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

  it('serves a stored model at once, without a key', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const first = await startDev(vite, project, { meshy: paying(emulator) })
    await first.model()
    await first.message('full-reload')
    await first.close()
    const before = emulator.counts.total

    const second = await startDev(vite, project, { meshy: { baseUrl: emulator.url } })

    expect((await second.model()).metadata.state).toBe('ready')
    expect(emulator.counts.total).toBe(before)
  })

  it('gives server and client the same model', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    await dev.model()
    await dev.message('full-reload')

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
    await dev.model()
    await dev.message('full-reload')
    const first = await dev.model()

    await project.write({ 'knight.meshy.json': { image: './hero.png', poly: 901 } })
    await dev.message('full-reload')
    await dev.model()
    await dev.message('full-reload')
    const second = await dev.model()

    expect([first.metadata.state, second.metadata.state]).toEqual(['ready', 'ready'])
    expect(second.metadata.key).not.toBe(first.metadata.key)
  })

  it('keeps the stand-in of a failed model, says why once, and never submits it again by itself', async () => {
    const emulator = await emulate({ faults: [FAILURE] })
    const project = await makeProject({ files: FILES })
    const first = await startDev(vite, project, { meshy: paying(emulator) })
    const standIn = await first.model()
    await first.message('full-reload')
    const failed = await first.model()
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
    expect(failed.glb).toEqual(standIn.glb)
    expect(first.log.filter((line) => line.includes('cannot find an object'))).toHaveLength(1)
    expect(emulator.counts.posts).toBe(1)
  })

  it('generates again when the picture of a failed model changes', async () => {
    const emulator = await emulate({ faults: [{ ...FAILURE, nth: 1 }] })
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    await dev.model()
    await dev.message('full-reload')
    const failed = await dev.model()

    await savePicture(project, 'chair.png')
    await dev.message('full-reload')
    const standIn = await dev.model()
    await dev.message('full-reload')
    const model = await dev.model()

    const states = [failed, standIn, model].map(({ metadata }) => metadata.state)
    expect(states).toEqual(['preview', 'pending', 'ready'])
    expect(emulator.counts.posts).toBe(2)
  })

  it('submits once when a picture is saved five times in a row', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    const keys = [(await dev.model()).metadata.key]

    for (const picture of ['chair.png', 'car.png', 'house.png', 'pig.png']) {
      await savePicture(project, picture)
      await dev.message('full-reload')
      keys.push((await dev.model()).metadata.key)
    }
    await dev.message('full-reload')

    expect((await dev.model()).metadata).toMatchObject({ state: 'ready', key: keys[4] })
    expect(new Set(keys).size).toBe(5)
    expect(posted(emulator).map(({ body }) => body['name'])).toEqual([`hero [${keys[4]}]`])
  })

  // It must be removed within the quiet moment, which a busy machine may miss.
  it('submits nothing for an import that is removed before', { retry: 3 }, async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: { 'other.png': 'chair.png' } })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    await dev.model()

    await project.write({ 'main.js': entryOf('./other.png?meshy&poly=900') })
    await dev.message('full-reload')
    await dev.model()
    await dev.message('full-reload')

    expect((await dev.model()).metadata.state).toBe('ready')
    expect(posted(emulator).map(({ body }) => body['name'])).toEqual([expect.stringMatching(/^other \[/)])
  })

  it('tells a bad import in its answer, and takes it when it is fixed', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&polly=900') } })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })

    await expect(dev.model()).rejects.toThrow(/main\.js:1: Unknown directive `polly`/)
    await project.write(FILES)
    await dev.message('full-reload')
    await dev.model()
    await dev.message('full-reload')

    expect((await dev.model()).metadata.state).toBe('ready')
  })
})

/** Saves another picture under the name of the imported one. */
async function savePicture({ root }: Project, picture: string): Promise<void> {
  await copyFile(path.join(REPOSITORY, 'playground', 'images', picture), path.join(root, 'hero.png'))
}
