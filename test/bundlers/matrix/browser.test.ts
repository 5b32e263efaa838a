import { createServer } from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sharedBrowser } from '../../support/browser.ts'
import { REPOSITORY } from '../../support/project.ts'
import { emulate, paying, type Built } from '../harness.ts'
import { DRIVERS, MATRIX } from './drivers.ts'
import { makeFixture, NAMES } from './fixture.ts'

let browser: Browser
let loader: string

beforeAll(async () => {
  browser = await sharedBrowser()
  loader = await bundleLoader()
})

describe.each(MATRIX)('a page with the output of %s', (name) => {
  it('loads every model', async () => {
    const emulator = await emulate()
    const built = await DRIVERS[name](await makeFixture(), { meshy: paying(emulator) })

    const loaded = await loadModels(await serve(built))

    expect(Object.keys(loaded)).toEqual(NAMES)
    for (const { drawn, told } of Object.values(loaded)) expect(drawn).toBe(told)
  })
})

/** What a page says about a model, and what three.js finds in it. */
interface Triangles {
  told: number
  drawn: number
}

/** Loads each model of a page by three.js. */
async function loadModels(url: string): Promise<Record<string, Triangles>> {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  page.on('pageerror', (error) => console.error(error))
  await page.goto(url)
  await page.waitForFunction(() => 'models' in globalThis && 'countTriangles' in globalThis)
  return page.evaluate(async (names) => {
    const { models, countTriangles } = globalThis as unknown as {
      models: Record<string, { url: string; metadata: { triangles: number } }>
      countTriangles: (url: string) => Promise<number>
    }
    const loaded: Record<string, Triangles> = {}
    for (const name of names) {
      const { url = '', metadata } = models[name] ?? {}
      loaded[name] = { told: metadata?.triangles ?? -1, drawn: await countTriangles(url) }
    }
    return loaded
  }, NAMES)
}

/** Serves an output at the root of a site, with a page that loads its entry. */
async function serve({ files }: Built): Promise<string> {
  const entry = [...files.keys()].find((name) => /(^|\/)main\.m?js$/.test(name))
  const page = `<!doctype html><script type="module" src="/${entry}"></script><script type="module" src="/loader.js"></script>`
  const server = createServer((request, answer) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1))
    const body = name === '' ? page : name === 'loader.js' ? loader : files.get(name)
    const type = name === '' ? 'text/html' : name.endsWith('js') ? 'text/javascript' : 'model/gltf-binary'
    answer.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
}

/** A script that gives a page `countTriangles`. */
async function bundleLoader(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'
        globalThis.countTriangles = async (url) => {
          const { scene } = await new GLTFLoader().loadAsync(url)
          let triangles = 0
          scene.traverse(({ geometry }) => { if (geometry) triangles += geometry.index.count / 3 })
          return triangles
        }`,
      resolveDir: REPOSITORY,
    },
    outfile: path.join(REPOSITORY, 'test/.tmp/loader.js'),
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
