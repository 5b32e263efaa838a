import type { Document } from '@gltf-transform/core'
import { describe, expect, it } from 'vitest'
import { readGlb } from '../../src/glb/read.ts'
import type { Options } from '../../src/run/option-types.ts'
import { resolveOptions } from '../../src/run/options.ts'
import { failureOf, openRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from './pictures.ts'
import { readFile } from 'node:fs/promises'

const { path: dir } = useTempDir()

const rename = (version: number, name: string) => ({
  name: 'rename',
  version,
  transform: (document: Document) => {
    for (const node of document.getRoot().listNodes()) node.setName(name)
  },
})

async function setUp() {
  await writeGrainyPicture(dir())
  const service = await startService()
  return { service, run: (options: Options) => openRun({ root: dir(), service, options }) }
}

describe('transforms of the options', () => {
  it('are applied to every model before the steps of its directives, and kept though the file grows', async () => {
    const { run } = await setUp()
    const { load } = await run({ transforms: [rename(1, 'a much longer name than it had')] })

    const plain = await load('hero.png?meshy')
    const small = await load('hero.png?meshy&texture-size=128')

    for (const { files } of [plain, small]) {
      const { json } = readGlb(await readFile(files[0]?.path ?? ''))
      expect(json.nodes).toMatchObject([{ name: 'a much longer name than it had' }])
    }
    expect(plain.metadata.derived?.steps).toEqual(['rename@1'])
    expect(small.metadata.derived?.steps).toEqual(['rename@1', 'texture-size=128'])
  })

  it('are applied anew when their version changes, and nothing is paid', async () => {
    const { service, run } = await setUp()
    await (await run({ transforms: [rename(1, 'old')] })).load('hero.png?meshy')

    const { files } = await (await run({ transforms: [rename(2, 'new')] })).load('hero.png?meshy')

    expect(readGlb(await readFile(files[0]?.path ?? '')).json.nodes).toMatchObject([{ name: 'new' }])
    expect(service.counts.posts).toBe(1)
  })

  it('name themselves when they fail', async () => {
    const { run } = await setUp()
    const broken = { name: 'broken', version: 1, transform: () => { throw new Error('No such mesh') } } // prettier-ignore

    const failure = await failureOf((await run({ transforms: [broken] })).load('hero.png?meshy'))

    expect(failure).toMatchObject({ code: 'MESHY_DERIVE_FAILED' })
    expect(failure.message).toBe('`hero.png`: `broken` failed: No such mesh.')
  })

  it.each([
    [{ name: 'two words', version: 1, transform: () => {} }],
    [{ name: 'center', version: 1, transform: 'center' }],
    [{ name: 'center', transform: () => {} }],
  ])('are refused when they are incomplete: %o', (transform) => {
    const run = {
      root: dir(),
      project: { dir: dir(), configFile: undefined, workspace: dir() },
      env: {},
      live: false,
      underTest: false,
    }

    expect(() => resolveOptions({ transforms: [transform as never] }, {}, run)).toThrow(
      'Invalid option `transforms.0',
    )
  })
})
