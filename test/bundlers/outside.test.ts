import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Inspection } from '../../src/inspector/model.ts'
import { outward } from '../inspector/inspected.ts'
import { startDev, type DevServer } from './dev-server.ts'
import { emulate, entryOf, makeProject, VITES, type ViteName } from './harness.ts'

/** What a page of somebody else can make a browser send. */
const CROSS_SITE = {
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'no-cors',
  referer: 'https://evil.test/',
}
const FILES = {
  'main.js': entryOf('./hero.png?meshy&poly=900'),
  'later.js': entryOf('./hero.png?meshy&poly=902'),
  'glob.js': `export default import.meta.glob('./hero.png', { query: '?meshy&poly=903' })`,
  'worker.js': entryOf('./hero.png?meshy&poly=904'),
  'server.js': `export { metadata } from './hero.png?meshy&poly=905'`,
  'recipe.meshy.json': { image: './hero.png' },
  'tsconfig.json': '{}',
}

/** Spellings of requests for what no module imports, given a picture outside and the token of an import. */
const REQUESTS: Record<string, (secret: string, token: string) => string[]> = {
  'a picture outside of the served folders': (secret) => [
    `/@fs${secret}?import&meshy`,
    `/@fs/${secret}?meshy`,
    `/@fs${secret.replaceAll('e', '%65')}?import&meshy`,
    `/@fs${path.dirname(secret)}/%2e/${path.basename(secret)}?meshy&import`,
    `/@fs${secret.replaceAll('/', '%5C')}?import&meshy`,
    `/@id/${secret}?meshy`,
    `/..${secret}?import&meshy`,
    `/%2e%2e${secret}?import&meshy`,
  ],
  'such a picture by the token of an import': (secret, token) => [
    `/@fs${secret}?import&meshy=${token}`,
    `/@fs${secret}?MESHY=1&meshy=${token}`,
    `/@id/${secret}?meshy=${token}`,
  ],
  'such a picture as a view or a texture': (secret) => [
    `/hero.png?import&meshy&views=${encodeURIComponent(secret)}`,
    `/hero.png?import&meshy&texture-image=${encodeURIComponent(secret)}`,
  ],
  'pictures of the project with directives that nobody wrote': (_, token) => [
    '/hero.png?import&meshy',
    '/hero.png?import&meshy&raw',
    '/hero.png?import&meshy&url',
    '//hero.png?import&meshy&poly=901',
    `/other.png?import&meshy=${token}`,
    '/other.png?import&meshy&poly=900',
    '/recipe.meshy.json.js?import&meshy',
    '/recipe.meshy.json?import&meshy',
    ...Array.from({ length: 60 }, (_value, index) => `/hero.png?import&meshy&take=${index + 2}`),
  ],
}

describe.each(VITES)('a dev server of %s', (vite) => {
  it.each(['127.0.0.1', '0.0.0.0'])('at %s makes nothing of what no module imports', async (host) => {
    const { dev, project, secret, emulator } = await startServer(vite, { host })
    const { metadata, moduleUrl } = await dev.model()
    const token = /meshy=([0-9a-f]{16})/.exec(moduleUrl)?.[1] ?? ''
    const address = host === '0.0.0.0' && outward ? dev.url.replace('127.0.0.1', outward) : dev.url

    for (const [what, spell] of Object.entries(REQUESTS)) {
      for (const url of spell(secret, token)) {
        const answer = await fetch(address + url, { headers: CROSS_SITE })
        expect(await answer.text(), `${what}: ${url}`).not.toMatch(/export const metadata|"key"/)
      }
    }

    expect(await keysBelow(project.root)).toEqual([metadata.key])
    expect((await inspected(dev)).models.map(({ id }) => id)).toEqual([metadata.key])
    const later = await dev.model('/later.js')
    expect(await queriesOf(project.root, 'poly=902')).toEqual(['?meshy&poly=900', '?meshy&poly=902'])
    expect(await keysBelow(project.root)).toEqual([metadata.key, later.metadata.key].toSorted())
    expect(emulator.counts.posts).toBe(0)
  })

  it('answers by the spelling of the source too, where a module shows it', async () => {
    const { dev } = await startServer(vite, {})
    const { metadata } = await dev.model()

    expect(await dev.text('/hero.png?import&target_polycount=900&meshy')).toContain(metadata.key)
  })

  it.each([
    ['a glob', '/glob.js'],
    ['a worker', '/worker.js?worker_file&type=module'],
  ])('answers for what %s imports', async (_, importer) => {
    const { dev } = await startServer(vite, {})

    expect((await dev.model(importer)).metadata.state).toBe('preview')
  })

  it('makes what server code alone imports', async () => {
    const { dev } = await startServer(vite, {})

    expect(await dev.server.ssrLoadModule('/server.js')).toMatchObject({ metadata: { state: 'preview' } })
  })

  it('knows an import again that a browser remembers, when the server was started since', async () => {
    const { dev, project, meshy } = await startServer(vite, {})
    const { moduleUrl, metadata } = await dev.model()
    await dev.close()

    const next = await startDev(vite, project, { meshy })
    const ask = (headers = {}) => fetch(next.url + moduleUrl, { headers })

    expect((await ask()).status).toBe(500)
    expect((await ask({ referer: 'https://evil.test/main.js' })).status).toBe(500)
    expect((await ask({ referer: `${next.url}/%E0%A4%A` })).status).toBe(500)
    expect(await (await ask({ referer: `${next.url}/main.js?t=1` })).text()).toContain(metadata.key)
  })
})

async function startServer(vite: ViteName, server: { host?: string }) {
  const emulator = await emulate()
  const outside = await makeProject()
  const project = await makeProject({ files: FILES, pictures: { 'other.png': 'chair.png' } })
  const meshy = { baseUrl: emulator.url, apiKey: emulator.apiKey, mode: 'ask' } as const
  const dev = await startDev(vite, project, {
    meshy,
    config: { server: { ...server, fs: { allow: [project.root] }, allowedHosts: true } },
  })
  return { dev, project, emulator, meshy, secret: path.join(outside.root, 'hero.png') }
}

/** The keys and tokens for which anything is in the cache. */
async function keysBelow(root: string): Promise<string[]> {
  const names = await readdir(path.join(root, '.meshy'), { recursive: true })
  const keys = names.flatMap((name) => /^[0-9a-f]{16}(?=\.|$)/.exec(path.basename(name))?.[0] ?? [])
  return [...new Set(keys)].toSorted()
}

/** The queries in the types file, as soon as one of them is there: they are written together, in the background. */
async function queriesOf(root: string, last: string): Promise<string[]> {
  const file = path.join(root, 'meshy-env.d.ts')
  const text = await vi.waitFor(async () => {
    const found = await readFile(file, 'utf8')
    expect(found).toContain(last)
    return found
  }, 20_000)
  return [...text.matchAll(/declare module ['"]\*(.+)['"]/g)].map(([, query = '']) => query)
}

async function inspected({ text }: DevServer): Promise<Inspection> {
  return JSON.parse(await text('/__meshy/assets.json')) as Inspection
}
