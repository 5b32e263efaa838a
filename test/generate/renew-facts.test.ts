import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { inspectGlb } from '../../src/glb/inspect.ts'
import type { Options } from '../../src/run/option-types.ts'
import { rig } from '../glb/posed-models.ts'
import { openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const { path: dir } = useTempDir()
const file = () => dir('meshy-lock.json')
const IMPORT = 'hero.png?meshy'
const WRONG = { min: [0, 0, 0], max: [0.01, 0.01, 0.01], size: [0.01, 0.01, 0.01] }

/** A project with a rigged model whose facts were told by the first release, and the service gone. */
async function setUp() {
  await writePictures(dir(), 'hero.png')
  const service = await startService()
  const run = await openRun({ root: dir(), service })
  await run.load(IMPORT)
  await service.close()
  const {
    ports: { store },
  } = run.context
  const glb = await store.blobs.write(await rig(), { ext: 'glb' })
  const document = JSON.parse(await readFile(file(), 'utf8'))
  const [key = ''] = Object.keys(document.models)
  const { revision: _, ...facts } = document.models[key].facts
  Object.assign(document.models[key], { files: { glb }, facts: { ...facts, bounds: WRONG } })
  await writeFile(file(), `${JSON.stringify(document, undefined, 2)}\n`)
  await store.entries.remove(key)
  const load = async (options: Options) =>
    (await openRun({ root: dir(), options: { emulated: true, ...options } })).load(IMPORT)
  return { load, glb }
}

describe('facts that an earlier release told', () => {
  it('are told anew where the bytes are here, without a key, and no byte changes', async () => {
    const { load, glb } = await setUp()

    const asset = await load({ mode: 'generate' })

    const { triangles, bounds } = inspectGlb(await rig())
    expect(asset.metadata).toMatchObject({ triangles, bounds, bytes: glb.bytes })
    expect(asset.files[0]?.blob).toMatchObject(glb)
    expect(await load({ mode: 'frozen' })).toEqual(asset)
    expect(await readFile(file(), 'utf8')).toContain('"revision": 2')
  })

  it('stay as they are pinned in frozen, which writes nothing', async () => {
    const { load } = await setUp()
    const before = await readFile(file(), 'utf8')

    const asset = await load({ mode: 'frozen' })

    expect(asset.metadata.bounds).toEqual(WRONG)
    expect(await readFile(file(), 'utf8')).toBe(before)
  })

  it('take nothing from another model that is pinned meanwhile', async () => {
    await setUp()
    const { context, load } = await openRun({ root: dir(), options: { emulated: true } })
    const { entries, lockfile } = context.ports.store
    const other = { sha256: 'a'.repeat(64), bytes: 1, ext: 'glb' }
    entries.read = async () => {
      const document = JSON.parse(await readFile(file(), 'utf8'))
      for (const model of Object.values<{ files: object }>(document.models)) model.files = { glb: other }
      await writeFile(file(), JSON.stringify(document))
      return undefined
    }

    const { metadata } = await load(IMPORT)

    expect((await lockfile?.get(metadata.key))?.files.glb).toEqual(other)
  })
})
