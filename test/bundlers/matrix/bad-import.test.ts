import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { writePictures } from '../../support/run.ts'
import { build, emulate, makeProject, paying, VITES } from '../harness.ts'
import { DRIVERS, MATRIX, type Driver } from './drivers.ts'

const NAMES = Array.from({ length: 10 }, (_, index) => `p${index}`)
const ENTRY = 'src/main.js'

const BUILDS: Record<string, Driver> = {
  ...DRIVERS,
  ...Object.fromEntries(
    VITES.map((vite) => [
      vite,
      ((project, { meshy }) => build(vite, project, { meshy, entry: ENTRY })) satisfies Driver,
    ]),
  ),
}

describe.each([...MATRIX, ...VITES])('a build with %s that misses ten models', (name) => {
  it.each([
    ['cannot be read', './gone.png?meshy', 'MESHY_IMAGE_NOT_FOUND'],
    ['asks for what there is not', './p0.png?meshy&polly=1', 'MESHY_DIRECTIVE_UNKNOWN'],
  ])('pays for none when another import %s', async (_, bad, code) => {
    const emulator = await emulate()
    const imports = NAMES.map((one) => `import ${one} from './${one}.png?meshy'\n`).join('')
    const project = await makeProject({
      files: {
        'package.json': { type: 'module' },
        [ENTRY]: `${imports}import bad from '${bad}'\nexport default [bad, ${NAMES.join()}]\n`,
      },
    })
    await writePictures(path.join(project.root, 'src'), ...NAMES.map((one) => `${one}.png`))

    const failure = await BUILDS[name]?.(project, { meshy: paying(emulator) }).catch(
      (error: unknown) => error,
    )

    expect(emulator.counts.posts).toBe(0)
    // The message of esbuild has no more than the first few.
    const { message = '', errors = [] } = failure as { message?: string; errors?: { text?: string }[] }
    expect([message, ...errors.map(({ text }) => text)].join()).toContain(code)
  })
})
