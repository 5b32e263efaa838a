import path from 'node:path'
import { build } from '@farmfe/core'
import { expect, it } from 'vitest'
import meshyForFarm from '../../../src/farm.ts'
import type { Project } from '../../support/project.ts'
import {
  emulate,
  entryOf,
  makeProject,
  modelsOf,
  paying,
  readFiles,
  servedModels,
  workIn,
} from '../harness.ts'
import { quietFarmLogger } from './drivers.ts'

it('a plugin object of Farm is refused to a build of another root at the same time', async () => {
  const emulator = await emulate()
  const files = { 'main.js': entryOf('./hero.png?meshy&poly=500') }
  const [one, two] = [await makeProject({ files }), await makeProject({ files })]
  workIn(one.root)
  const plugins = [meshyForFarm(paying(emulator))]
  const outDir = path.join(one.root, 'dist')
  const buildIn = ({ root }: Project) =>
    build({
      root,
      mode: 'production',
      logger: quietFarmLogger(),
      plugins,
      compilation: { input: { main: './main.js' }, output: { path: outDir }, presetEnv: false },
    } as unknown as Parameters<typeof build>[0])

  const [first, second] = await Promise.allSettled([buildIn(one), buildIn(two)])

  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({ reason: { message: expect.stringContaining('MESHY_PLUGIN_SHARED') } })
  expect(modelsOf({ outDir, files: await readFiles(outDir), log: '' }).size).toBe(1)
})

it('Farm finds images beside modules where its root is not the working folder', async () => {
  const emulator = await emulate()
  const files = { 'app/src/main.js': entryOf('../hero.png?meshy&poly=500') }
  const { root } = await makeProject({ files, pictures: { 'app/hero.png': 'robot.png' } })
  workIn(root)
  const outDir = path.join(root, 'app/dist')

  await build({
    root: path.join(root, 'app'),
    mode: 'production',
    logger: quietFarmLogger(),
    plugins: [meshyForFarm(paying(emulator))],
    compilation: { input: { main: './src/main.js' }, output: { path: outDir }, presetEnv: false },
  } as unknown as Parameters<typeof build>[0])

  const models = modelsOf({ outDir, files: await readFiles(outDir), log: '' })
  expect([...models.values()]).toEqual(await servedModels(emulator))
  expect(emulator.counts.posts).toBe(1)
})
