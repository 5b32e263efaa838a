import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUNDLERS } from '../../src/bundlers/plugin.ts'
import { startEmulator } from '../../src/emulator.ts'
import { createProject, mustSucceed, REPOSITORY, type Project } from '../support/project.ts'
import { installTarball } from '../support/tarball.ts'

const WEBPACK = path.join(REPOSITORY, 'node_modules', 'webpack')
const KEY = 'msy_a_key_of_the_form_of_the_service'

const main = (query: string) => `import hero, { url, metadata } from './hero.png?${query}'
document.body.append(hero.url, url, String(metadata.triangles), metadata.key)
`

let project: Project
let emulator: Awaited<ReturnType<typeof startEmulator>>

beforeAll(async () => {
  emulator = await startEmulator({ apiKey: KEY })
  project = await createProject({
    files: {
      'index.html': '<!doctype html><body><script type="module" src="./main.js"></script></body>',
      'main.js': main('meshy&pbr&poly=20000'),
      'vite.config.js': `import meshy from 'unplugin-meshy/vite'\nexport default { plugins: [meshy()] }\n`,
    },
    pictures: { 'hero.png': 'robot.png' },
  })
  await installTarball(project)
})

afterAll(async () => {
  await emulator.close()
  await project.remove()
})

describe('the packed tarball', () => {
  it('posts one request with every effective value when Vite builds', async () => {
    await build('dist', { MESHY_API_KEY: KEY })

    const posts = emulator.requests.filter(({ method }) => method === 'POST')
    expect(posts.map(({ path, status }) => `${path} ${status}`)).toEqual(['/openapi/v1/image-to-3d 202'])
    const picture = await readFile(path.join(project.root, 'hero.png'))
    expect(posts[0]?.body).toMatchObject({
      image_url: `data:image/png;base64,${picture.toString('base64')}`,
      ai_model: 'latest',
      topology: 'triangle',
      target_polycount: 20_000,
      symmetry_mode: 'auto',
      should_remesh: true,
      save_pre_remeshed_model: false,
      should_texture: true,
      enable_pbr: true,
      moderation: false,
    })
  })

  it('emits the bytes of the server under the name of the picture', async () => {
    const assets = await readFiles('dist/assets')
    const [name, bytes] = [...assets].find(([file]) => /^hero-[\w-]{8}\.glb$/.test(file)) ?? []

    expect(sha256(bytes)).toBe(sha256(await modelOfServer()))
    const code = codeOf(assets)
    expect(code).toContain(name)
    expect(code).toMatch(/triangles:\s*20000|triangles:2e4/)
  })

  it('gives identical files without key and requests when it builds again', async () => {
    const before = emulator.counts.total

    await build('dist-again')

    expect(emulator.counts.total).toBe(before)
    expect(await readFiles('dist-again/assets')).toEqual(await readFiles('dist/assets'))
  })

  it('gives the same model when the directives are spelled in another way', async () => {
    const before = emulator.counts.total
    await project.write({ 'main.js': main('poly=20000&pbr=true&topology=triangle&meshy') })

    await build('dist-spelled')

    expect(emulator.counts.total).toBe(before)
    expect(await readFiles('dist-spelled/assets')).toEqual(await readFiles('dist/assets'))
  })

  it('holds the key in no file that it writes', async () => {
    const files = await readFiles('.', (name) => !name.startsWith('node_modules'))

    expect([...files].filter(([, bytes]) => bytes.includes(KEY)).map(([name]) => name)).toEqual([])
  })

  it('holds no path of the machine that packed it', async () => {
    const files = await readFiles('node_modules/unplugin-meshy')

    expect(files.size).toBeGreaterThan(5)
    expect([...files].filter(([, bytes]) => bytes.includes(REPOSITORY)).map(([name]) => name)).toEqual([])
  })

  it('can be required in both forms by a config of CommonJS, whatever the bundler', async () => {
    await project.write({
      'check.cjs': `const names = ${JSON.stringify(BUNDLERS)}
const forms = names.map((name) => require('unplugin-meshy/' + name))
const { meshyRules } = require('unplugin-meshy/turbopack')
const { meshy, default: same } = require('unplugin-meshy')
console.log(JSON.stringify([
  names.filter((_, at) => typeof forms[at] !== 'function' || forms[at].default !== forms[at]),
  [typeof meshyRules, meshy === same, typeof require('unplugin-meshy/emulator').startEmulator],
]))`,
    })

    const { stdout } = await mustSucceed(project.run(process.execPath, ['check.cjs']))

    expect(JSON.parse(stdout)).toEqual([[], ['function', true, 'function']])
  })

  it.each(['', '.default'])('builds by a CommonJS config of webpack that requires it%s', async (form) => {
    await project.write({
      'webpack.config.cjs': `const meshy = require('unplugin-meshy/webpack')${form}
module.exports = {
  mode: 'production', context: __dirname, entry: './main.js',
  output: { path: __dirname + '/packed' }, plugins: [meshy({ mode: 'preview' })],
}`,
      'pack.cjs': `require(${JSON.stringify(WEBPACK)})(require('./webpack.config.cjs'), (error, stats) => {
  if (error ?? stats.hasErrors()) throw error ?? new Error(stats.toString())
})`,
    })

    await mustSucceed(project.run(process.execPath, ['pack.cjs']))

    expect([...(await readFiles('packed')).keys()]).toContainEqual(expect.stringMatching(/hero-\w+\.glb$/))
  })
})

function build(outDir: string, env: Record<string, string> = {}) {
  const vite = path.join('node_modules', 'vite', 'bin', 'vite.js')
  const options = { env: { MESHY_BASE_URL: emulator.url, ...env } }
  return mustSucceed(project.run(process.execPath, [vite, 'build', '--outDir', outDir], options))
}

async function modelOfServer(): Promise<Buffer> {
  const [task] = emulator.tasks() as { model_urls: { glb: string } }[]
  const model = await fetch(task?.model_urls.glb ?? '')
  return Buffer.from(await model.arrayBuffer())
}

/** Path → bytes of every file in a folder of the project, sorted by path. */
async function readFiles(folder: string, wanted = (_name: string) => true): Promise<Map<string, Buffer>> {
  const root = path.join(project.root, folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter(wanted)
    .sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(root, name))] as const)),
  )
}

function codeOf(assets: Map<string, Buffer>): string {
  return [...assets].filter(([name]) => name.endsWith('.js')).join('\n')
}

function sha256(bytes: Buffer = Buffer.alloc(0)): string {
  return createHash('sha256').update(bytes).digest('hex')
}
