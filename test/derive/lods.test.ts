import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderModule } from '../../src/bundlers/module.ts'
import { readGlb } from '../../src/glb/read.ts'
import type { Asset } from '../../src/run/asset.ts'
import type { Options } from '../../src/run/option-types.ts'
import { validateGlb } from '../glb/fixtures.ts'
import { failureOf, openRun, type RunInit } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from './pictures.ts'

const { path: dir } = useTempDir()

async function setUp(models: 'card' | 'mesh' = 'card') {
  await writeGrainyPicture(dir())
  const service = await startService({ models })
  const run = (options: Options = {}, init: Partial<RunInit> = {}) =>
    openRun({ root: dir(), service, options, ...init })
  return { service, run }
}

const codeOf = (asset: Asset) =>
  renderModule(asset, async (file) => ({ imports: '', expression: `'${path.basename(file.path)}'` }))
const read = async (file: { path: string } | undefined) => new Uint8Array(await readFile(file?.path ?? ''))
const lockfile = async (): Promise<{
  models: Record<string, { derived: Record<string, { steps: string[] }> }>
}> => JSON.parse(await readFile(dir('meshy-lock.json'), 'utf8'))

describe('an import with levels of detail', () => {
  it('gets whole models with falling triangles and textures, the first being its url', async () => {
    const { run } = await setUp('mesh')

    const asset = await (await run()).load('hero.png?meshy&poly=2000&lods=0.5,0.2')

    const { triangles } = asset.metadata
    expect(asset.lods?.map((level) => Math.round((level.triangles / triangles) * 10))).toEqual([5, 2])
    expect(asset.metadata).not.toHaveProperty('derived')
    for (const level of asset.lods ?? []) {
      const glb = await read(level.file)
      expect(glb.length).toBe(level.bytes)
      expect(await validateGlb(glb)).toMatchObject({ errors: 0 })
      expect(readGlb(glb).json.textures).toHaveLength(asset.metadata.textures)
    }
    const sizes = [asset.metadata.bytes, ...(asset.lods ?? []).map(({ bytes }) => bytes)]
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes)
  })

  it('tells them in its module, and undefined where it wants none', async () => {
    const { run } = await setUp()
    const { load } = await run()

    const code = await codeOf(await load('hero.png?meshy&lods=3'))

    expect(code).toMatch(
      /^export const lods = \[\{ url: url, triangles: \d+, bytes: \d+ \}, \{ url: 'hero-lod1\.glb', .*\{ url: 'hero-lod2\.glb', /m,
    )
    expect(code).toMatch(
      /^export default .*\{ url, metadata, files, textures, thumbnail, thumbnails, lods \}/m,
    )
    expect(await codeOf(await load('hero.png?meshy'))).toContain('export const lods = undefined')
  })

  it('derives each level once, pins it, and shares it with imports that want the same', async () => {
    const { service, run } = await setUp()
    const { load, told } = await run()

    const three = await load('hero.png?meshy&optimize&lods=3')
    const two = await load('hero.png?meshy&optimize&lods=0.25')
    const again = await (await run()).load('hero.png?meshy&optimize&lods=0.25,0.0625')

    expect(again).toEqual(three)
    expect(two.lods).toEqual(three.lods?.slice(0, 1))
    expect(told.filter((text) => text.includes(' → '))).toHaveLength(3)
    expect(service.counts.posts).toBe(1)
    const [model] = Object.values((await lockfile()).models)
    const derived = Object.values(model?.derived ?? {}).map(({ steps }) => steps.join(' '))
    expect(derived.map((steps) => steps.replace(/@\d+/g, '')).toSorted()).toEqual([
      'optimize',
      'optimize lods=0.0625',
      'optimize lods=0.25',
    ])
  })

  it('needs neither key nor network where all of them are pinned and here, and fails in frozen where one is not', async () => {
    const { service, run } = await setUp()
    const first = await (await run()).load('hero.png?meshy&lods=3')
    await service.close()
    const frozen = async (query: string) => (await run({ mode: 'frozen', apiKey: undefined })).load(query)

    expect(await frozen('hero.png?meshy&lods=3')).toEqual(first)
    const failure = await failureOf(frozen('hero.png?meshy&lods=4'))

    expect(failure).toMatchObject({ code: 'MESHY_MODEL_MISSING' })
    expect(failure.message).toContain('lods=0.25,0.0625,0.015625')
  })

  it('derives a level anew whose bytes are lost, and no other', async () => {
    const { run } = await setUp()
    const first = await (await run()).load('hero.png?meshy&lods=3')
    const lost = first.lods?.[1]?.file
    const sha256 = lost?.blob?.sha256 ?? ''
    await rm(dir('.meshy', 'blobs', sha256.slice(0, 2), `${sha256}.glb`))
    await rm(lost?.path ?? '')

    const { load, told } = await run()
    const again = await load('hero.png?meshy&lods=3')

    expect(again).toEqual(first)
    expect(told.filter((text) => text.includes(' → '))).toHaveLength(1)
  })

  it('has the first level alone while it is a stand-in', async () => {
    const { run } = await setUp()

    const asset = await (await run({ mode: 'preview' })).load('hero.png?meshy&lods=3')

    expect(await codeOf(asset)).toMatch(
      /^export const lods = \[\{ url: url, triangles: \d+, bytes: \d+ \}\]$/m,
    )
  })
})
