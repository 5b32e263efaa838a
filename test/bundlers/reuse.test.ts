import path from 'node:path'
import { rollup, watch } from 'rollup'
import { createServer } from 'vite'
import { describe, expect, it } from 'vitest'
import meshyForRollup from '../../src/rollup.ts'
import meshy from '../../src/vite.ts'
import {
  codeOf,
  collectingLogger,
  emulate,
  entryOf,
  makeProject,
  paying,
  readFiles,
  VITE_BUILDS,
  workIn,
} from './harness.ts'

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

    expect(await codeIn('watched')).toContain('"state":"preview"')
    expect(await codeIn('built')).toContain('"state":"ready"')
  })
})
