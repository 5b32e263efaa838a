import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { createBuilder } from 'vite'
import { describe, expect, it } from 'vitest'
import meshyForVite from '../../src/vite.ts'
import {
  build,
  collectingLogger,
  emulate,
  entryFile,
  entryOf,
  evaluate,
  makeProject,
  modelsOf,
  paying,
  readFiles,
  VITES,
} from './harness.ts'

interface Evaluated {
  hero: { url: string }
}

const FILES = { 'main.js': entryOf('./hero.png?meshy&poly=500') }

describe.each(VITES)('the URL of a model in %s', (vite) => {
  it.each([
    ['/', /^\/assets\/hero-[\w-]{8}\.glb$/],
    ['/sub/', /^\/sub\/assets\/hero-[\w-]{8}\.glb$/],
    ['https://cdn.example/a/', /^https:\/\/cdn\.example\/a\/assets\/hero-[\w-]{8}\.glb$/],
    ['./', /^file:\/\/.*\/dist\/assets\/hero-[\w-]{8}\.glb$/],
  ])('follows the base %s', async (base, expected) => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })

    const built = await build(vite, project, { meshy: paying(emulator), vite: { base } })

    const { hero } = await evaluate<Evaluated>(entryFile(built))
    expect(hero.url).toMatch(expected)
    expect(hero.url).toContain([...modelsOf(built).keys()][0])
  })

  it('is the same in the server build and in the client build, which are paid once', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const meshy = paying(emulator)

    const [client, server] = await Promise.all([
      build(vite, project, { meshy, outDir: 'dist/client' }),
      build(vite, project, { meshy, outDir: 'dist/server', vite: { build: { ssr: true } } }),
    ])

    const [inClient, inServer] = [
      await evaluate<Evaluated>(entryFile(client)),
      await evaluate<Evaluated>(entryFile(server)),
    ]
    expect(inServer).toEqual(inClient)
    expect([...modelsOf(server)]).toEqual([])
    expect([...modelsOf(client)]).toHaveLength(1)
    expect(emulator.counts.posts).toBe(1)
  })

  it('leads from the file of a library when the base is relative', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })

    const built = await build(vite, project, {
      meshy: paying(emulator),
      vite: { base: './', build: { lib: { entry: 'main.js', formats: ['es'], fileName: 'main' } } },
    })

    const { hero } = await evaluate<Evaluated>(entryFile(built))
    const [name = ''] = modelsOf(built).keys()
    expect(hero.url).toBe(`file://${path.join(built.outDir, name)}`)
  })
})

describe.each(VITES)('a library by %s', (vite) => {
  it.each([
    ['warns', '/', true],
    ['does not warn', './', false],
  ])('%s when its base is %s', async (_, base, isWarned) => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const lib = { entry: 'main.js', formats: ['es' as const], fileName: 'main' }

    const { log } = await build(vite, project, { meshy: paying(emulator), vite: { base, build: { lib } } })

    expect(log.includes("set `base: './'`")).toBe(isWarned)
  })
})

describe('environments of one builder', () => {
  it('share one model and one URL', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES })
    const input = path.join(project.root, 'main.js')
    const environment = (outDir: string) => ({
      build: {
        outDir,
        modulePreload: false,
        rollupOptions: { input, preserveEntrySignatures: 'strict' },
      } as const,
    })

    const builder = await createBuilder({
      root: project.root,
      configFile: false,
      customLogger: collectingLogger([]),
      plugins: [meshyForVite(paying(emulator))],
      environments: {
        client: environment('dist/client'),
        ssr: { consumer: 'server', ...environment('dist/ssr') },
        edge: { consumer: 'server', ...environment('dist/edge') },
      },
      builder: {
        buildApp: async ({ environments, build }) =>
          void (await Promise.all(Object.values(environments).map((one) => build(one)))),
      },
    })
    await builder.buildApp()

    const urls = await Promise.all(
      (await readdir(path.join(project.root, 'dist'))).map(async (name) => {
        const outDir = path.join(project.root, 'dist', name)
        return (await evaluate<Evaluated>(entryFile({ outDir, files: await readFiles(outDir), log: '' })))
          .hero.url
      }),
    )
    expect(urls).toHaveLength(3)
    expect(new Set(urls).size).toBe(1)
    expect(emulator.counts.posts).toBe(1)
  })
})
