import path from 'node:path'
import { createServer } from 'vite'
import { describe, expect, it } from 'vitest'
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
})
