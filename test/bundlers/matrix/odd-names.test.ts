import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, emulate, makeProject, modelsOf, paying, servedModels, VITES } from '../harness.ts'
import { startDev } from '../dev-server.ts'
import type { Options } from '../../../src/index.ts'
import type { Project } from '../../support/project.ts'
import { DRIVERS, MATRIX } from './drivers.ts'

type Drive = (project: Project, meshy: Options) => ReturnType<typeof build>

const VITE = VITES.map((name): [string, Drive] => [
  name,
  (project, meshy) => build(name, project, { meshy, entry: 'src/main.js' }),
])
const OTHERS = MATRIX.map((name): [string, Drive] => [
  name,
  (project, meshy) => DRIVERS[name](project, { meshy }),
])

/** Which take a `#` in the path of a project for its end. */
const CUTTING = new Set<string>([...VITES, 'webpack', 'Rspack', 'Rsbuild'])

/** Rsbuild prints what is wrong, and throws that it did. */
const TOLD_BEFORE = 'build failed'

const HASH_IN_PATH = /C# site` contains a `#`, which this bundler treats as the end of the path/

describe.each([...VITE, ...OTHERS])('a build with %s', (name, drive) => {
  it.each(['src/crate #1.png', 'src/set #2/crate.png'])(
    'finds a picture that is named %s',
    async (picture) => {
      const emulator = await emulate()
      const specifier = `./${picture.slice('src/'.length)}?meshy`
      const project = await makeProject({
        files: { 'src/main.js': `import crate from '${specifier}'\nglobalThis.crate = crate\n` },
        pictures: { [picture]: 'chair.png' },
      })

      const built = await drive(project, paying(emulator))

      expect([...modelsOf(built).values()]).toEqual(await servedModels(emulator))
      expect(modelsOf(built).size).toBe(1)
    },
  )

  it('builds in a folder that is named C# site, or names the character', async () => {
    const emulator = await emulate()
    const outer = await makeProject({
      files: { 'C# site/src/main.js': `import crate from './crate.png?meshy'\nglobalThis.crate = crate\n` },
      pictures: { 'C# site/src/crate.png': 'chair.png' },
    })
    const building = drive({ ...outer, root: path.join(outer.root, 'C# site') }, paying(emulator))

    if (CUTTING.has(name)) {
      await expect(building).rejects.toThrow(name === 'Rsbuild' ? TOLD_BEFORE : HASH_IN_PATH)
      expect(emulator.counts.posts).toBe(0)
    } else {
      const built = await building
      expect([...modelsOf(built).values()]).toEqual(await servedModels(emulator))
      expect(modelsOf(built).size).toBe(1)
    }
  })

  it.each([
    ['Crate.png', './crate.png', 'There is `Crate.png`: paths are case-sensitive.'],
    ['caf\u00e9.png', './cafe\u0301.png', 'whose accents are encoded differently'],
  ])('names %s where %s is asked for', async (there, asked, hint) => {
    const emulator = await emulate()
    const project = await makeProject({
      files: { 'src/main.js': `import crate from '${asked}?meshy'\nglobalThis.crate = crate\n` },
      pictures: { [`src/${there}`]: 'chair.png' },
    })

    await expect(drive(project, paying(emulator))).rejects.toThrow(hint)

    expect(emulator.counts.posts).toBe(0)
  })
})

it.each(VITES)('a dev server of %s names the character that a browser would cut a path at', async (name) => {
  const project = await makeProject({
    files: { 'main.js': `import crate from './crate #1.png?meshy'\nglobalThis.crate = crate\n` },
    pictures: { 'crate #1.png': 'chair.png' },
  })
  const dev = await startDev(name, project, { meshy: { mode: 'preview' } })

  await expect(dev.server.environments.client.transformRequest('/main.js')).rejects.toThrow(
    /crate #1.png` contains a `#`/,
  )
})
