import path from 'node:path'
import { rolldown, watch as watchByRolldown } from 'rolldown'
import { rollup, watch, type Plugin } from 'rollup'
import { createServer } from 'vite'
import { describe, expect, it } from 'vitest'
import meshyForRolldown from '../../src/rolldown.ts'
import meshyForRollup from '../../src/rollup.ts'
import meshy from '../../src/vite.ts'
import type { Project } from '../support/project.ts'
import {
  codeOf,
  collectingLogger,
  emulate,
  entryOf,
  makeProject,
  paying,
  readFiles,
  VITE_BUILDS,
  VITES,
  workIn,
} from './harness.ts'

const FAMILY = {
  Rollup: { build: rollup, watch, plugin: meshyForRollup },
  // Its API fits in what is used here.
  Rolldown: {
    build: rolldown as unknown as typeof rollup,
    watch: watchByRolldown as unknown as typeof watch,
    plugin: meshyForRolldown,
  },
}

describe('a plugin object', () => {
  it('builds real models after it served, as frameworks use it', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: { 'main.js': `${entryOf('./hero.png?meshy&poly=500')}globalThis.hero = hero\n` },
    })
    const { mode: _, ...options } = paying(emulator)
    const config = {
      root: project.root,
      configFile: false as const,
      customLogger: collectingLogger([]),
      plugins: [meshy(options)],
      build: { rollupOptions: { input: path.join(project.root, 'main.js') } },
    }
    const server = await createServer({ ...config, server: { middlewareMode: true, ws: false } })
    const served = await server.ssrLoadModule('/main.js')
    await server.close()

    await VITE_BUILDS['Vite 8'](config)

    expect(served['default'].hero.metadata.state).toBe('preview')
    const files = await readFiles(path.join(project.root, 'dist'))
    expect(codeOf({ files, outDir: '', log: '' })).toMatch(/state['"]?: ?[`'"]ready/)
  })

  it('builds real models after it watched', async () => {
    const emulator = await emulate()
    const { root } = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=500') } })
    workIn(root)
    const { mode: _, ...options } = paying(emulator)
    const config = { input: 'main.js', plugins: [meshyForRollup(options)] }
    const codeIn = async (dir: string) => String((await readFiles(path.join(root, dir))).get('main.js'))

    const watcher = watch({ ...config, output: { dir: 'watched' } })
    await new Promise<void>((resolve) => {
      watcher.on('event', ({ code }) => {
        if (code === 'END') resolve()
      })
    })
    await watcher.close()
    const bundle = await rollup(config)
    await bundle.write({ dir: 'built' })

    expect(await codeIn('watched')).toMatch(/"state": ?"preview"/)
    expect(await codeIn('built')).toMatch(/"state": ?"ready"/)
  })

  it.each(Object.entries(FAMILY))('of %s is refused to a build while it watches', async (_, bundler) => {
    const emulator = await emulate()
    const { root } = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=500') } })
    workIn(root)
    const { mode: __, ...options } = paying(emulator)
    const hold = holdBuild()
    const shared = bundler.plugin(options) as Plugin
    const write = async (dir: string) => {
      const bundle = await bundler.build({ input: 'main.js', plugins: [shared] })
      await bundle.write({ dir })
      await bundle.close()
    }

    const watcher = bundler.watch({
      input: 'main.js',
      plugins: [shared, hold.plugin],
      output: { dir: 'watched' },
    })
    const isOver = new Promise<void>((resolve) => {
      watcher.on('event', ({ code }) => void (code === 'END' && resolve()))
    })
    await hold.begun
    await expect(write('built')).rejects.toThrow(/MESHY_PLUGIN_SHARED/)
    hold.release()
    await isOver
    await watcher.close()
    await write('built')

    const codeIn = async (dir: string) => String((await readFiles(path.join(root, dir))).get('main.js'))
    expect(await codeIn('watched')).toMatch(/"state": ?"preview"/)
    expect(await codeIn('built')).toMatch(/"state": ?"ready"/)
  })

  it.each(VITES)(
    'of %s builds two roots one after the other, and refuses to build them at once',
    async (vite) => {
      const emulator = await emulate()
      const files = { 'main.js': `${entryOf('./hero.png?meshy&poly=500')}globalThis.hero = hero\n` }
      const [one, two] = [await makeProject({ files }), await makeProject({ files })]
      const plugins = [meshy(paying(emulator))]
      const build = ({ root }: Project) =>
        VITE_BUILDS[vite]({
          root,
          configFile: false,
          customLogger: collectingLogger([]),
          plugins,
          build: { rollupOptions: { input: path.join(root, 'main.js') } },
        })

      const outcomes = await Promise.allSettled([build(one), build(two)])
      const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
      await build(one)
      await build(two)

      expect(failed).toEqual([expect.stringContaining('MESHY_PLUGIN_SHARED')])
      for (const { root } of [one, two]) {
        const names = [...(await readFiles(root)).keys()]
        expect(names).toContain('meshy-lock.json')
        expect(names.filter((name) => /^dist.*\.glb$/.test(name))).toHaveLength(1)
      }
    },
  )
})

/** A plugin that holds a build until it is released. */
function holdBuild() {
  let begin = () => {}
  let release = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  const plugin = {
    name: 'hold',
    async transform() {
      begin()
      await released
      return null
    },
  }
  return { plugin, begun, release: () => release() }
}
