import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Options } from '../../src/index.ts'
import {
  build,
  BUNDLERS,
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
  codeOf,
} from './harness.ts'

const QUERY = 'meshy&pbr&poly=20000'

describe.each(BUNDLERS)('a build with %s', (bundler) => {
  it('emits the bytes of the server under the name of the picture and a hash', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${QUERY}`) } })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    const models = [...modelsOf(built)]
    expect(models.map(([name]) => name)).toEqual([expect.stringMatching(/^assets\/hero-[\w-]{8}\.glb$/)])
    expect(models[0]?.[1]).toEqual((await servedModels(emulator))[0])
    expect(emulator.counts.posts).toBe(1)
  })

  it('gives URL and facts as default and as named exports', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${QUERY}`) } })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    const { hero, named } = await evaluate<{ hero: object; named: object }>(entryFile(built))
    expect(hero).toEqual(named)
    const [name = '', bytes] = [...modelsOf(built)][0] ?? []
    expect(hero).toMatchObject({
      url: expect.stringMatching(new RegExp(`(^/|^file://.*/)${name}$`)),
      files: {},
      metadata: {
        state: 'ready',
        source: 'emulator',
        key: expect.stringMatching(/^[0-9a-f]{16}$/),
        integrity: expect.stringMatching(/^sha256-/),
        bytes: bytes?.length,
        triangles: expect.any(Number),
        bounds: { size: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      },
    })
  })

  it('gives a model that is its URL where one is expected, and nothing but data elsewhere', async () => {
    const emulator = await emulate()
    const code =
      "import hero from './hero.png?meshy&poly=500'\nexport default [`${hero}`, String(hero), hero.url, hero, { ...hero }, JSON.stringify(hero), structuredClone(hero)]\n"
    const project = await makeProject({ files: { 'main.js': code } })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    const [text, string, url, hero, copy, json, clone] = await evaluate<unknown[]>(entryFile(built))
    expect([text, string]).toEqual([url, url])
    expect(Object.keys(hero as object)).not.toContain('toString')
    expect(clone).toEqual({ ...(copy as object) })
    expect(JSON.parse(json as string)).toMatchObject({ url })
  })

  it('gives no more than the URL to code that imports no more', async () => {
    const emulator = await emulate()
    const files = { 'main.js': "export { url as default } from './hero.png?meshy&poly=500'\n" }
    const project = await makeProject({ files })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    expect(codeOf(built)).not.toContain('integrity')
    expect(codeOf(built)).not.toContain('defineProperty')
  })

  it('writes nothing in `plan`, also where copies of stored models are to be made', async () => {
    const emulator = await emulate()
    const files = { 'main.js': entryOf(`./hero.png?${QUERY}`) }
    const project = await makeProject({ files })
    await build(bundler, project, { meshy: paying(emulator) })
    for (const name of ['out', 'notes', '.gitignore']) {
      await rm(path.join(project.root, '.meshy', name), { recursive: true, force: true })
    }
    await project.write({ 'main.js': `${files['main.js']}import './hero.png?meshy&poly=700'\n` })
    const before = await readOurs()

    const { message } = await failBuild(bundler, project, { meshy: { ...paying(emulator), mode: 'plan' } })

    expect(message).toContain('MESHY_PLAN_ONLY')
    expect(await readOurs()).toEqual(before)
    expect(emulator.counts.posts).toBe(1)

    /** Vite may have emptied its own folder by then. */
    async function readOurs() {
      return [...(await readFiles(project.root))].filter(([name]) => !name.startsWith('dist'))
    }
  })

  it('needs neither key nor network, and gives identical files, when it runs again', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${QUERY}`) } })
    const first = await build(bundler, project, { meshy: paying(emulator) })
    await emulator.close()

    const second = await build(bundler, project, { meshy: { baseUrl: emulator.url, mode: 'generate' } })

    expect(second.files).toEqual(first.files)
    expect(codeOf(first)).not.toContain(project.root)
  })

  it('holds no path of the machine in code, names and source maps', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'src/main.js': entryOf(`../hero.png?${QUERY}`) } })

    const { files } = await build(bundler, project, {
      meshy: paying(emulator),
      entry: 'src/main.js',
      sourcemap: true,
    })

    expect([...files.keys()].filter((name) => name.endsWith('.map'))).not.toEqual([])
    const found = [...files].filter(([name, bytes]) => `${name}${bytes}`.includes(path.dirname(project.root)))
    expect(found.map(([name]) => name)).toEqual([])
  })

  it('makes one model of two spellings of the same request', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js':
          `import a from './hero.png?${QUERY}'\n` +
          `import b from './hero.png?poly=20000&pbr=true&topology=triangle&meshy'\n` +
          `export default { a, b }\n`,
      },
    })

    const built = await build(bundler, project, { meshy: paying(emulator) })

    const { a, b } = await evaluate<{ a: { url: string }; b: object }>(entryFile(built))
    expect(a.url).toMatch(/hero-/)
    expect(a).toEqual(b)
    expect([...modelsOf(built)]).toHaveLength(1)
    expect(emulator.counts.posts).toBe(1)
  })

  it('fails before anything is written when a model fails', async () => {
    const emulator = await emulate({ faults: [{ kind: 'outOfCredits' }] })
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${QUERY}`) } })

    const error = await failBuild(bundler, project, { meshy: paying(emulator) })

    expect(error.message).toContain('MESHY_CREDITS_EXHAUSTED')
    expect([...(await readFiles(path.join(project.root, 'dist'))).keys()]).toEqual([])
  })
})

describe('the cache', () => {
  it('is said to be lost with `node_modules` by a build that may pay, and by no other', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy') } })
    const logOf = async (options: Options) => {
      const meshy = paying(emulator, { cacheDir: 'node_modules/.cache/meshy', ...options })
      return (await build('Vite 8', project, { meshy })).log
    }

    const warning = /the cache folder `node_modules.\.cache.meshy`.*`npm ci` deletes.*`cacheDir`/
    expect(await logOf({})).toMatch(warning)
    expect(await logOf({ mode: 'frozen' })).not.toMatch(warning)
    expect(await logOf({ cacheDir: '.meshy' })).not.toMatch(/npm ci/)
  })

  it('serves all bundlers, whichever of them paid', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${QUERY}`) } })
    const first = await build('Rollup 4', project, { meshy: paying(emulator) })
    const [model] = modelsOf(first).values()

    for (const bundler of BUNDLERS) {
      const meshy = { baseUrl: emulator.url, mode: 'frozen' as const }
      const built = await build(bundler, project, { meshy, outDir: `dist-${bundler}` })

      expect([...modelsOf(built).values()]).toEqual([model])
    }
    expect(emulator.counts.posts).toBe(1)
  })
})
