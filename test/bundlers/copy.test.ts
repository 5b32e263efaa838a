import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { rollup, type Plugin } from 'rollup'
import { createBuilder, type InlineConfig, type Rolldown } from 'vite'
import { describe, expect, it } from 'vitest'
import meshyForRollup from '../../src/rollup.ts'
import meshyForVite from '../../src/vite.ts'
import type { Project } from '../support/project.ts'
import {
  build,
  BUNDLERS,
  codeOf,
  collectingLogger,
  emulate,
  entryFile,
  entryOf,
  evaluate,
  failBuild,
  makeProject,
  modelsOf,
  paying,
  readFiles,
  servedModels,
  textsOf,
  VITES,
  workIn,
} from './harness.ts'

interface Evaluated {
  hero: { url: string; textures?: Record<string, string> }
}

const FILES = { 'main.js': entryOf('./hero.png?meshy&poly=500') }

async function setUp(files: Record<string, string> = FILES) {
  const emulator = await emulate()
  return { emulator, project: await makeProject({ files }), meshy: paying(emulator, { emit: 'copy' }) }
}

describe.each(BUNDLERS)('copy mode in %s', (bundler) => {
  it('puts the bytes of the server where the URL leads', async () => {
    const { emulator, project, meshy } = await setUp()

    const built = await build(bundler, project, { meshy, vite: { base: './' } })

    const [name = '', bytes] = [...modelsOf(built)][0] ?? []
    const { hero } = await evaluate<Evaluated>(entryFile(built))
    expect(name).toMatch(/^assets\/hero-[\w-]{8}\.glb$/)
    expect(hero.url).toBe(`file://${path.join(built.outDir, name)}`)
    expect([bytes]).toEqual(await servedModels(emulator))
    expect((await stat(path.join(built.outDir, name))).mode & 0o200).toBe(0o200)
  })

  it('gives the same code as asset mode, but for the hash', async () => {
    const { project, meshy } = await setUp()
    const withoutHash = (code: string) => code.replaceAll(/-[\w-]{8}(\.\w+)/g, '$1')
    // Minifiers name by how often letters stand in the code, and so by the hash.
    const vite = { build: { minify: false } }

    const copied = await build(bundler, project, { meshy, vite })
    const emitted = await build(bundler, project, { meshy: { ...meshy, emit: 'asset' }, vite })

    expect(withoutHash(codeOf(copied))).toBe(withoutHash(codeOf(emitted)))
    expect([...copied.files.keys()].map(withoutHash).sort()).toEqual(
      [...emitted.files.keys()].map(withoutHash).sort(),
    )
  })

  it('copies every file that an import asks for', async () => {
    const { project, meshy } = await setUp({
      'main.js': entryOf('./hero.png?meshy&poly=500&textures&thumbnail&formats=obj'),
    })

    const built = await build(bundler, project, { meshy, vite: { base: './' } })

    const { hero } = await evaluate<Evaluated>(entryFile(built))
    const out = path.join(project.root, '.meshy', 'out')
    const [key = ''] = await readdir(out)
    const kept = await readFiles(path.join(out, key))
    const copied = new Map([...built.files].filter(([name]) => !name.endsWith('.js')))
    expect(copied.size).toBe(kept.size)
    expect(copied.size).toBeGreaterThan(3)
    expect(new Set([...copied.values()].map(String))).toEqual(new Set([...kept.values()].map(String)))
    expect(hero.textures?.['baseColor']).toContain('hero-baseColor')
  })

  it('gives another name when the bytes are others', async () => {
    const { project, meshy } = await setUp()
    const before = await build(bundler, project, { meshy })
    await project.write({ 'main.js': entryOf('./hero.png?meshy&poly=500&take=2') })

    const after = await build(bundler, project, { meshy })

    expect([...modelsOf(after).keys()]).not.toEqual([...modelsOf(before).keys()])
  })

  it('ships the bytes that are pinned when a bit of the file in the cache was flipped', async () => {
    const { emulator, project, meshy } = await setUp()
    await build(bundler, project, { meshy })
    await flipBit(await onlyOutput(project))

    const built = await build(bundler, project, { meshy })

    expect([...modelsOf(built).values()]).toEqual(await servedModels(emulator))
  })
})

describe.each(VITES)('copy mode in %s', (vite) => {
  it.each([
    ['/', /^\/assets\/hero-[\w-]{8}\.glb$/],
    ['/sub/', /^\/sub\/assets\/hero-[\w-]{8}\.glb$/],
    ['https://cdn.example/a/', /^https:\/\/cdn\.example\/a\/assets\/hero-[\w-]{8}\.glb$/],
  ])('follows the base %s', async (base, expected) => {
    const { project, meshy } = await setUp()

    const built = await build(vite, project, { meshy, vite: { base } })

    const { hero } = await evaluate<Evaluated>(entryFile(built))
    expect(hero.url).toMatch(expected)
    expect(hero.url).toContain([...modelsOf(built).keys()][0])
  })

  it('follows renderBuiltUrl and the names of the user', async () => {
    const { project, meshy } = await setUp()
    const names = ({ names = [] }: { names?: string[] }) =>
      `media/${names[0]?.toUpperCase()}.[hash:6][extname]`

    const built = await build(vite, project, {
      meshy,
      vite: {
        experimental: { renderBuiltUrl: (name) => `https://files.example/${name}?v=1` },
        build: {
          rollupOptions: {
            input: path.join(project.root, 'main.js'),
            preserveEntrySignatures: 'strict',
            output: { assetFileNames: names },
          },
        },
      },
    })

    const [name = ''] = modelsOf(built).keys()
    expect(name).toMatch(/^media\/HERO\.GLB\.[\w-]{6}\.glb$/)
    expect((await evaluate<Evaluated>(entryFile(built))).hero.url).toBe(`https://files.example/${name}?v=1`)
  })

  it('lists the files of a chunk in the manifest', async () => {
    const { project, meshy } = await setUp()

    const built = await build(vite, project, {
      meshy,
      vite: { build: { manifest: 'manifest.json' } } as InlineConfig,
    })

    const manifest = JSON.parse(String(built.files.get('manifest.json'))) as Record<
      string,
      { assets?: string[] }
    >
    expect(manifest['main.js']?.assets).toEqual([...modelsOf(built).keys()])
  })

  it('has the same URL in the server build, which holds no file', async () => {
    const { project, meshy } = await setUp()

    const client = await build(vite, project, { meshy, outDir: 'dist/client' })
    const server = await build(vite, project, {
      meshy,
      outDir: 'dist/server',
      vite: { build: { ssr: true } },
    })

    expect(await evaluate(entryFile(server))).toEqual(await evaluate(entryFile(client)))
    expect([...modelsOf(server)]).toEqual([])
  })

  it('copies what a worker imports', async () => {
    const { emulator, project, meshy } = await setUp({
      'main.js': `export default new URL(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }))`,
      'worker.js': `import { url } from './hero.png?meshy&poly=500'\npostMessage(url)`,
    })

    const built = await build(vite, project, { meshy, vite: { worker: { format: 'es' } } })

    expect([...modelsOf(built).values()]).toEqual(await servedModels(emulator))
    const [name = ''] = modelsOf(built).keys()
    expect(textsOf(built.files, /worker.*\.js$/)).toContain(name)
  })
})

// Nothing of this depends on the version.
describe('copy mode', () => {
  const [vite] = VITES

  it('leaves the files that are no models to others', async () => {
    const { project, meshy } = await setUp({
      'main.js': `${FILES['main.js']}\nexport { default as picture } from './hero.png?url&no-inline'`,
    })

    const built = await build(vite, project, { meshy })

    const [picture] = [...built.files].filter(([name]) => name.endsWith('.png')).map(([, bytes]) => bytes)
    expect(picture).toEqual(await readFile(path.join(project.root, 'hero.png')))
  })

  it('fails when the output cannot be written', async () => {
    const { project, meshy } = await setUp()
    const { outDir, files } = await build(vite, project, { meshy })
    const [name = ''] = modelsOf({ outDir, files, log: '' }).keys()
    await project.write({ [`obstacle/${name}/in-the-way.txt`]: '' })

    const error = await failBuild(vite, project, {
      meshy,
      outDir: 'obstacle',
      vite: { build: { emptyOutDir: false } },
    })

    expect(error.message).toContain('MESHY_OUTPUT_UNWRITABLE')
  })

  it('keeps stand-ins as assets', async () => {
    const { project, meshy } = await setUp()

    const built = await build(vite, project, { meshy: { ...meshy, mode: 'preview' } })

    expect(modelsOf(built).size).toBe(1)
    expect([...modelsOf(built).values()][0]?.subarray(0, 4).toString()).toBe('glTF')
  })
})

describe('a bundle that stays in memory', () => {
  it('holds the bytes in Vite', async () => {
    const { emulator, project, meshy } = await setUp()
    const { build: inMemory } = await import('vite')

    const { output } = (await inMemory({
      root: project.root,
      configFile: false,
      customLogger: collectingLogger([]),
      plugins: [meshyForVite(meshy)],
      build: { write: false, rollupOptions: { input: path.join(project.root, 'main.js') } },
    })) as Rolldown.RolldownOutput

    const model = output.find(({ fileName }) => fileName.endsWith('.glb'))
    const [served] = await servedModels(emulator)
    expect(model?.type === 'asset' && Buffer.from(model.source).equals(served ?? Buffer.of())).toBe(true)
    await expect(readdir(path.join(project.root, 'dist'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('holds the bytes in Rollup', async () => {
    const { emulator, project, meshy } = await setUp()
    workIn(project.root)

    const bundle = await rollup({ input: 'main.js', plugins: [meshyForRollup(meshy) as Plugin] })
    const { output } = await bundle.generate({ assetFileNames: '[name][extname]' })

    const model = output.find(({ fileName }) => fileName.endsWith('.glb'))
    const [served] = await servedModels(emulator)
    expect(model?.type === 'asset' && Buffer.from(model.source).equals(served ?? Buffer.of())).toBe(true)
  })
})

describe('outputs of one bundle', () => {
  it('get the files each in its own folder', async () => {
    const { project, meshy } = await setUp()
    workIn(project.root)

    const bundle = await rollup({ input: 'main.js', plugins: [meshyForRollup(meshy) as Plugin] })
    await Promise.all(
      ['es', 'cjs'].map((format) => bundle.write({ dir: format, format: format as 'es' | 'cjs' })),
    )

    const [es, cjs] = await Promise.all(['es', 'cjs'].map((name) => readFiles(path.join(project.root, name))))
    const models = (files: Map<string, Buffer> | undefined) =>
      modelsOf({ outDir: '', files: files ?? new Map(), log: '' })
    expect(models(es).size).toBe(1)
    expect([...models(es)]).toEqual([...models(cjs)])
  })
})

describe('environments of one builder', () => {
  it('copy into the output of the client alone', async () => {
    const { project, meshy } = await setUp()
    const input = path.join(project.root, 'main.js')
    const environment = (outDir: string) => ({ build: { outDir, rollupOptions: { input } } })

    const builder = await createBuilder({
      root: project.root,
      configFile: false,
      customLogger: collectingLogger([]),
      plugins: [meshyForVite(meshy)],
      environments: {
        client: environment('dist/client'),
        ssr: { consumer: 'server', ...environment('dist/ssr') },
      },
      builder: {},
    })
    await builder.buildApp()

    const files = await readFiles(path.join(project.root, 'dist'))
    expect([...files.keys()].filter((name) => name.endsWith('.glb'))).toEqual([
      expect.stringMatching(/^client\/assets\/hero-[\w-]{8}\.glb$/),
    ])
  })
})

async function onlyOutput({ root }: Project): Promise<string> {
  const out = path.join(root, '.meshy', 'out')
  const names = await readdir(out, { recursive: true })
  return path.join(out, names.find((name) => name.endsWith('.glb')) ?? '')
}

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await chmod(file, 0o644)
  await writeFile(file, bytes)
}
