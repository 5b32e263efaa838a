import path from 'node:path'
import { rollup, type Plugin } from 'rollup'
import { describe, expect, it } from 'vitest'
import meshyForRollup from '../../src/rollup.ts'
import meshyForVite from '../../src/vite.ts'
import { writePictures } from '../support/run.ts'
import type { Project } from '../support/project.ts'
import { collectConsole, emulate, makeProject, paying, posted, VITE_BUILDS, workIn } from './harness.ts'

/** Builds one entry of a project with a plugin object. */
type Build = (project: Project, entry: string, plugin: unknown) => Promise<unknown>

const viteBuild =
  (name: 'Vite 7' | 'Vite 6'): Build =>
  ({ root }, entry, plugin) =>
    VITE_BUILDS[name]({
      root,
      configFile: false,
      logLevel: 'silent',
      plugins: [plugin as Plugin],
      build: { write: false, rollupOptions: { input: path.join(root, entry) } },
    })

const BUILDS: [string, (options: object) => unknown, Build][] = [
  [
    'Rollup 4',
    meshyForRollup,
    async ({ root }, entry, plugin) =>
      rollup({ input: path.join(root, entry), plugins: [plugin as Plugin], onLog: () => {} }),
  ],
  ['Vite 7', meshyForVite, viteBuild('Vite 7')],
  ['Vite 6', meshyForVite, viteBuild('Vite 6')],
]

describe.each(BUILDS)(
  'after a build with %s failed because of a module that is not ours',
  (_, meshy, build) => {
    async function setUp() {
      const emulator = await emulate()
      const project = await makeProject({
        files: {
          'broken.js': `import './not-there.js'\n`,
          'bad.js': `import './one.png?meshy'\nimport './broken.js'\n`,
          'other.js': `export { url } from './two.png?meshy'\n`,
          'mended.js': `export { url } from './one.png?meshy'\n`,
        },
      })
      await writePictures(project.root, 'one.png', 'two.png')
      workIn(project.root)
      collectConsole([])
      const fails = async (plugin: unknown) => {
        await expect(build(project, 'bad.js', plugin)).rejects.toThrow('not-there.js')
      }
      return { emulator, project, fails, plugin: () => meshy(paying(emulator)) }
    }

    it('pays for nothing in it, whatever is built next with the same object', async () => {
      const { emulator, project, fails, plugin } = await setUp()
      const same = plugin()
      await fails(same)

      await build(project, 'other.js', same)

      expect(posted(emulator)).toHaveLength(1)
    })

    it.each(['the same', 'another'])('builds at once what it shares with %s object', async (which) => {
      const { emulator, project, fails, plugin } = await setUp()
      const first = plugin()
      await fails(first)

      await build(project, 'mended.js', which === 'another' ? plugin() : first)

      expect(posted(emulator)).toHaveLength(1)
    })
  },
)
