import path from 'node:path'
import { expect, it } from 'vitest'
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
