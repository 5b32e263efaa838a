import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { startDev } from './dev-server.ts'
import {
  build,
  codeOf,
  emulate,
  entryFile,
  evaluate,
  makeProject,
  modelsOf,
  paying,
  posted,
  servedModels,
  textsOf,
  VITES,
} from './harness.ts'

interface Evaluated {
  hero: { url: string; metadata: { key: string } }
}

const PATHS = {
  'a relative path': './hero.png?meshy',
  'an alias': '@art/ally.png?meshy',
  'an alias of a regular expression': '~car.png?meshy',
  'the root': '/hero.png?meshy',
  'a package': 'art/pictures/pig.png?meshy',
  'the folder of public files': '/dragon.png?meshy',
}
const URL_OF_HERO = /^\/assets\/hero-[\w-]{8}\.glb$/

describe.each(VITES)('%s', (vite) => {
  it('finds the picture by every path that leads to it', async () => {
    const emulator = await emulate()
    const paths = Object.entries(PATHS)
    const project = await makeProject({
      files: {
        'main.js':
          paths.map(([, specifier], at) => `import m${at} from '${specifier}'\n`).join('') +
          `export default { ${paths.map(([name], at) => `'${name}': m${at}.url`).join(', ')} }\n`,
        'node_modules/art/package.json': { name: 'art', version: '1.0.0' },
      },
      pictures: {
        'hero.png': 'robot.png',
        'art/ally.png': 'chair.png',
        'art/car.png': 'car.png',
        'node_modules/art/pictures/pig.png': 'pig.png',
        'public/dragon.png': 'dragon.png',
      },
    })
    const art = path.join(project.root, 'art')
    const alias = [
      { find: '@art', replacement: art },
      { find: /^~/, replacement: `${art}/` },
    ]

    const built = await build(vite, project, { meshy: paying(emulator), vite: { resolve: { alias } } })

    const urls = await evaluate<Record<string, string>>(entryFile(built))
    const pictures = Object.entries(urls).map(([name, url]) => [
      name,
      /^\/assets\/(.+)-[\w-]{8}\.glb$/.exec(url)?.[1],
    ])
    expect(Object.fromEntries(pictures)).toEqual({
      'a relative path': 'hero',
      'an alias': 'ally',
      'an alias of a regular expression': 'car',
      'the root': 'hero',
      'a package': 'pig',
      'the folder of public files': 'dragon',
    })
    const served = (await servedModels(emulator)).map(String)
    expect([...modelsOf(built).values()].map(String).toSorted()).toEqual(served.toSorted())
  })

  it('takes an import inside of a package', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js': `import hero from 'art'\nexport default { hero }\n`,
        'node_modules/art/package.json': { name: 'art', version: '1.0.0', type: 'module', main: 'index.js' },
        'node_modules/art/index.js': `export { default } from './hero.png?meshy'\n`,
      },
      pictures: { 'node_modules/art/hero.png': 'robot.png' },
    })

    const built = await build(vite, project, { meshy: paying(emulator, { allow: ['art'] }) })

    expect((await evaluate<Evaluated>(entryFile(built))).hero.url).toMatch(URL_OF_HERO)
  })

  it('takes a dynamic import', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js': `export default import('./hero.png?meshy').then(({ default: hero }) => ({ hero }))\n`,
      },
    })

    const built = await build(vite, project, { meshy: paying(emulator) })

    expect((await evaluate<Evaluated>(entryFile(built))).hero.url).toMatch(URL_OF_HERO)
  })

  it.each([
    [
      'eager',
      `import.meta.glob('./art/*.png', { query: '?meshy&poly=500', import: 'default', eager: true })`,
    ],
    [
      'lazy',
      `Promise.all(Object.entries(import.meta.glob('./art/*.png', { query: '?meshy&poly=500', import: 'default' }))` +
        `.map(async ([name, load]) => [name, await load()])).then(Object.fromEntries)`,
    ],
    [
      'with a query as an object',
      `import.meta.glob('./art/*.png', { query: { meshy: '', poly: 500 }, import: 'default', eager: true })`,
    ],
  ])('takes a glob import: %s', async (_, expression) => {
    const emulator = await emulate()
    const project = await makeProject({
      files: { 'main.js': `export default ${expression}\n` },
      pictures: { 'art/a.png': 'robot.png', 'art/b.png': 'chair.png' },
    })

    const built = await build(vite, project, { meshy: paying(emulator) })

    expect(await evaluate(entryFile(built))).toMatchObject({
      './art/a.png': { url: expect.stringMatching(/^\/assets\/a-/), metadata: { state: 'ready' } },
      './art/b.png': { url: expect.stringMatching(/^\/assets\/b-/), metadata: { state: 'ready' } },
    })
    expect(emulator.counts.posts).toBe(2)
  })

  it('asks for the same with any form of a query, whatever signs are in it, in builds and in dev', async () => {
    const emulator = await emulate()
    const glob = (query: string) =>
      `...Object.values(import.meta.glob('./hero.png', { query: ${query}, import: 'default', eager: true }))`
    const files = {
      'main.js': `import hero from './hero.png?meshy&prompt=a+b c 100%2525'\n`,
      'glob.js':
        `export default [${glob(`{ meshy: '', prompt: 'a+b c 100%25' }`)}, ` +
        `${glob(`{ meshy: true, prompt: 'a+b c 100%25' }`)}, ${glob(`'?meshy&prompt=a+b c 100%2525'`)}]\n`,
    }
    files['main.js'] +=
      `import globs from './glob.js'\nexport default [hero, ...globs].map(({ metadata }) => metadata.key)\n`
    const project = await makeProject({ files })

    const built = await build(vite, project, { meshy: paying(emulator) })
    const dev = await startDev(vite, project, { meshy: paying(emulator) })
    const served = await dev.server.ssrLoadModule('/main.js')

    const keys = [...(await evaluate<string[]>(entryFile(built))), ...served['default']]
    expect(keys).toHaveLength(8)
    expect(new Set(keys).size).toBe(1)
    expect(posted(emulator).map(({ body }) => body['texture_prompt'])).toEqual(['a+b c 100%25'])
  })

  it('takes an import of a worker, and pays once for page and worker', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js':
          `import { url } from './hero.png?meshy'\n` +
          `export const start = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })\n` +
          `export default { url }\n`,
        'worker.js': `import { url } from './hero.png?meshy'\nself.postMessage(url)\n`,
      },
    })

    const built = await build(vite, project, {
      meshy: paying(emulator),
      vite: { worker: { format: 'es' } },
    })

    const [name = ''] = modelsOf(built).keys()
    const worker = textsOf(built.files, /worker-[\w-]+\.js$/)
    expect(worker).toContain(`/${name}`)
    expect(codeOf(built)).not.toContain('data:image/png')
    expect(emulator.counts.posts).toBe(1)
  })

  it('leaves the picture itself and other queries alone', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      files: {
        'main.js':
          `import plain from './hero.png'\nimport raw from './hero.png?url&no-inline'\n` +
          `import off from './hero.png?meshy=false&url&no-inline'\nexport default [plain, raw, off]\n`,
      },
    })

    const built = await build(vite, project, {
      meshy: paying(emulator),
      vite: { build: { assetsInlineLimit: 0 } },
    })

    const urls = await evaluate<string[]>(entryFile(built))
    expect(urls.filter((url) => !/^\/assets\/hero-[\w-]{8}\.png/.test(url))).toEqual([])
    expect(emulator.counts.total).toBe(0)
  })
})
