import path from 'node:path'
import { createRsbuild } from '@rsbuild/core'
import { expect, it } from 'vitest'
import meshyForRsbuild from '../../../src/rsbuild.ts'
import { writePictures } from '../../support/run.ts'
import { emulate, makeProject, paying } from '../harness.ts'
import { DRIVERS } from './drivers.ts'

const NAMES = ['one', 'two']

it.each([
  ['cannot be resolved', 'not-there', "Can't resolve 'not-there'"],
  ['cannot be parsed', './broken.js', 'Module parse failed'],
])('webpack pays for nothing, and says why, when another module %s', async (_, bad, reason) => {
  const emulator = await emulate()
  const imports = NAMES.map((name) => `import ${name} from './${name}.png?meshy'\n`).join('')
  const project = await makeProject({
    files: {
      'package.json': { type: 'module' },
      'src/broken.js': 'export default {{{',
      'src/main.js': `${imports}import bad from '${bad}'\nexport default [bad, ${NAMES.join()}]\n`,
    },
  })
  await writePictures(path.join(project.root, 'src'), ...NAMES.map((name) => `${name}.png`))

  await expect(DRIVERS.webpack(project, { meshy: paying(emulator) })).rejects.toThrow(reason)

  expect(emulator.counts.posts).toBe(0)
})

it('Rsbuild pays for nothing when a module of another environment cannot be parsed', async () => {
  const emulator = await emulate()
  const project = await makeProject({
    files: {
      'package.json': { type: 'module' },
      'broken.js': 'export default {{{',
      'web.js': `import './broken.js'\nimport { url } from './one.png?meshy'\nconsole.log(url)\n`,
      'node.js': 'console.log(1)',
    },
  })
  await writePictures(project.root, 'one.png')
  const environments = Object.fromEntries(
    (['web', 'node'] as const).map((target) => [
      target,
      { source: { entry: { main: `./${target}.js` } }, output: { target, distPath: { root: target } } },
    ]),
  )
  const plugins = [meshyForRsbuild(paying(emulator))]
  const config = { logLevel: 'silent' as const, mode: 'production' as const, plugins, environments }
  const build = async () => (await createRsbuild({ cwd: project.root, config })).build()

  await expect(build()).rejects.toThrow('build failed')
  expect(emulator.counts.posts).toBe(0)

  await project.write({ 'broken.js': 'export default 1' })
  await build()
  expect(emulator.counts.posts).toBe(1)
})
