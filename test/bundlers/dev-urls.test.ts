import { rename } from 'node:fs/promises'
import path from 'node:path'
import type { ViteDevServer } from 'vite'
import { describe, expect, it } from 'vitest'
import { startDev } from './dev-server.ts'
import { entryOf, makeProject, VITES } from './harness.ts'

const PREVIEW = { mode: 'preview' } as const

describe.each(VITES)('the URL of a model in a dev server of %s', (vite) => {
  it.each([
    ['/', undefined, /^\/\.meshy\/preview\/[0-9a-f]{16}\/(?:mesh|card)\/hero\.glb$/],
    ['/sub dir/', undefined, /^\/sub%20dir\/\.meshy\//],
    ['./', undefined, /^\/\.meshy\//],
    ['/', 'http://backend.example/', /^http:\/\/backend\.example\/\.meshy\//],
  ])('stands in its module, with the base %s and the origin %s', async (base, origin, expected) => {
    const project = await makeProject({ files: { 'main.js': entryOf('./hero.png?meshy&poly=500') } })
    const config = { base, server: origin === undefined ? {} : { origin } }
    const dev = await startDev(vite, project, { meshy: PREVIEW, config })

    const module = await dev.server.transformRequest(await moduleIn(dev.server))

    const url = /^export const url = "(.*)"$/m.exec(module?.code ?? '')?.[1] ?? ''
    expect(url).toMatch(expected)
    expect(module?.code).not.toMatch(/^import /m)
    const { pathname } = new URL(url, dev.url)
    expect((await dev.bytes(pathname)).toString('latin1', 0, 4)).toBe('glTF')
  })

  it.each([
    ['héros 100%+1.png', './héros 100%+1.png'],
    ['héros 100%+1.png', './héros 100%25+1.png'],
    ['héros 100%+1.png', '/héros 100%25+1.png'],
    ['50%25 a%20b.png', './50%25 a%20b.png'],
  ])('leads to the file `%s`, imported as `%s`, which is no URL', async (name, source) => {
    const project = await makeProject({ files: { 'main.js': entryOf(`${source}?meshy&poly=500`) } })
    await rename(path.join(project.root, 'hero.png'), path.join(project.root, name))
    const dev = await startDev(vite, project, { meshy: PREVIEW })

    const { glb } = await dev.model()
    const rendered = await dev.server.ssrLoadModule('/main.js')

    for (const bytes of [glb, await dev.bytes(rendered['default'].hero.url)]) {
      expect(bytes.toString('latin1', 0, 4)).toBe('glTF')
    }
  })

  it('is left to Vite where the cache is beyond the root', async () => {
    const { dev } = await startInFolder('../beyond')

    const { code = '' } = (await dev.server.transformRequest(await moduleIn(dev.server))) ?? {}

    expect(code).toMatch(/^import __url0 from ".*url"/m)
    expect((await dev.model()).glb.toString('latin1', 0, 4)).toBe('glTF')
  })

  it.each([{ allow: ['src'] }, { allow: ['src'], strict: false }])(
    'leads to the file with `server.fs` %o',
    async (fs) => {
      const project = await makeProject({ files: { 'src/main.js': entryOf('../hero.png?meshy&poly=500') } })
      const dev = await startDev(vite, project, { meshy: PREVIEW, config: { server: { fs } } })

      const { glb } = await dev.model('/src/main.js')

      expect(glb.toString('latin1', 0, 4)).toBe('glTF')
    },
  )

  it('leads a page to the file that server code alone asks for, where the cache is beyond the served folders', async () => {
    const { dev } = await startInFolder('../beyond', { allow: ['.'] })

    const { url } = (await dev.server.ssrLoadModule('/main.js'))['default'].named as { url: string }

    expect(url).toMatch(/^\/@fs\/.*beyond/)
    expect((await dev.bytes(url)).toString('latin1', 0, 4)).toBe('glTF')
  })

  it('is an error of Vite where the path of the cache is no URL', async () => {
    const { dev } = await startInFolder('cache#1')

    const module = dev.server.transformRequest(await moduleIn(dev.server))

    await expect(module).rejects.toThrow(/cache#1/)
  })

  /** With a root below the picture's folder, and a cache folder told from there. */
  async function startInFolder(cacheDir: string, fs = {}) {
    const project = await makeProject({
      files: {
        'app/main.js': entryOf('../hero.png?meshy&poly=500'),
        'app/package.json': {},
        'pnpm-workspace.yaml': '',
      },
    })
    const root = path.join(project.root, 'app')
    const meshy = { ...PREVIEW, cacheDir: path.join(root, cacheDir) }
    return { dev: await startDev(vite, project, { meshy, config: { root, server: { fs } } }) }
  }
})

/** The URL of the model's module below the base, as it stands in the importer. */
async function moduleIn({ config, transformRequest }: ViteDevServer): Promise<string> {
  const { code = '' } = (await transformRequest('/main.js')) ?? {}
  const url = /"([^"]*meshy=[^"]*)"/.exec(code)?.[1] ?? ''
  return url.replace(config.base, '/')
}
