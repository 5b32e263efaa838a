import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createServer } from 'vite'
import { describe, expect, it, onTestFinished } from 'vitest'
import meshyForVite from '../../src/vite.ts'
import { startDev } from '../bundlers/dev-server.ts'
import { emulate, makeProject, paying, VITES } from '../bundlers/harness.ts'
import { freePort } from '../support/free-port.ts'
import { HERO, inspectAt, inspectDev, loadModules, pressButton, type Inspected } from './inspected.ts'

/** The machine may be busy. */
const WAIT = { timeout: 30_000 }
const FAILURE = { kind: 'failTask', type: 'invalid_input', message: 'cannot find an object' } as const

describe('assets.json', () => {
  it('tells what is asked for, on its way and ready', async () => {
    const inspected = await inspectDev()
    await loadModules(inspected, '/main.js')

    const { mode, models, totals } = await inspected.inspection()

    expect(mode).toBe('ask')
    expect(models).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        image: 'hero.png',
        importers: [{ file: 'main.js', line: 1 }],
        directives: { poly: 900 },
        nextQuery: '?meshy&poly=900&take=2',
        state: 'preview',
        isAsked: true,
        canRetry: false,
        isStored: false,
        levels: [],
        credits: 30,
        metadata: expect.objectContaining({ state: 'preview', source: 'stand-in' }),
        pictures: [expect.stringMatching(/^pictures\/[0-9a-f]{16}\/0$/)],
        model: expect.stringMatching(/^models\/[0-9a-f]{16}\.glb\?\w+$/),
      },
    ])
    expect(totals.credits).toEqual({ spent: 0, thisRun: 0, onTheirWay: 0, asked: 30, balance: 100_000 })
    expect(inspected.emulator.counts.posts).toBe(0)

    await pressButton(inspected, 'generate', [models[0]?.id ?? ''])

    await ready(inspected)
    const after = await inspected.inspection()
    expect(after.models[0]).toMatchObject({ isAsked: false, credits: 30, metadata: { source: 'emulator' } })
    expect(after.totals.credits).toMatchObject({ spent: 30, thisRun: 30, asked: 0, balance: 99_970 })
    expect(inspected.emulator.counts.posts).toBe(1)
  })

  it('tells what either of two servers imports that have one plugin, as those of Nuxt', async () => {
    const [emulator, project] = [await emulate(), await makeProject({ files: HERO })]
    const plugins = [meshyForVite({ ...paying(emulator), mode: 'ask' })]
    const dev = await startDev('Vite 8', project, { config: { plugins } })
    await startDev('Vite 8', project, { config: { plugins } })
    const inspected = inspectAt(dev.url, { emulator, project, dev })
    await loadModules(inspected, '/main.js')

    const { id, isAsked } = await inspected.model('hero.png')
    await pressButton(inspected, 'generate', [id])

    expect(isAsked).toBe(true)
    await ready(inspected)
    expect(emulator.counts.posts).toBe(1)
  })

  it('tells how far a model is', async () => {
    const inspected = await inspectDev({ emulator: { taskMs: 3_000, pendingMs: 5 } })
    await loadModules(inspected, '/main.js')

    await pressButton(inspected, 'generate', [(await inspected.model('hero.png')).id])

    await expect
      .poll(async () => (await inspected.model('hero.png')).progress?.text, WAIT)
      .toBe('is being generated')
    expect((await inspected.inspection()).totals.credits.onTheirWay).toBe(30)
    expect(await inspected.model('hero.png')).toMatchObject({ state: 'pending', isAsked: false })
    await ready(inspected)
  })

  it('tells a failure with its next step, and tries again when told to', async () => {
    const inspected = await inspectDev({ emulator: { faults: [{ ...FAILURE, nth: 1 }] } })
    await loadModules(inspected, '/main.js')
    const { id } = await inspected.model('hero.png')

    await pressButton(inspected, 'generate', [id])

    await expect.poll(async () => (await inspected.model('hero.png')).state, WAIT).toBe('failed')
    const failed = await inspected.model('hero.png')
    expect(failed).toMatchObject({
      canRetry: true,
      error: { code: 'MESHY_TASK_FAILED', hint: expect.any(String) },
    })

    expect(JSON.parse((await pressButton(inspected, 'retry', [id])).body)).toEqual({ keys: [id] })

    await ready(inspected)
    expect((await inspected.model('hero.png')).error).toBeUndefined()
    expect(inspected.emulator.counts.posts).toBe(2)
  })

  it('offers no other try of a model that is larger than allowed', async () => {
    const options = { mode: 'generate', maxTriangles: 1, oversize: 'error' } as const
    const inspected = await inspectDev({ options })
    const load = async () => {
      await loadModules(inspected, '/main.js')
      return inspected.model('hero.png')
    }

    await expect.poll(load, WAIT).toMatchObject({ error: { code: 'MESHY_OUTPUT_TOO_LARGE' }, isStored: true })
    expect(await inspected.model('hero.png')).toMatchObject({ canRetry: false })
  })

  it('tells an import that cannot be read', async () => {
    const inspected = await inspectDev({ files: { 'main.js': `import './hero.png?meshy&pbrr'\n` } })
    const code = await inspected.dev.text('/main.js')
    const [, id = ''] = /"(\/[^"]*meshy=[^"]*)"/.exec(code) ?? []
    await fetch(new URL(id, inspected.dev.url))

    expect(await inspected.model('hero.png')).toMatchObject({
      state: 'failed',
      importers: [{ file: 'main.js', line: 1 }],
      error: { code: 'MESHY_DIRECTIVE_UNKNOWN' },
    })
  })

  it('names every importer, and forgets an import that is gone', async () => {
    const inspected = await inspectDev({ files: { ...HERO, 'other.js': HERO['main.js'] } })
    await loadModules(inspected, '/main.js', '/other.js')

    expect((await inspected.model('hero.png')).importers).toEqual([
      { file: 'main.js', line: 1 },
      { file: 'other.js', line: 1 },
    ])

    for (const name of ['main.js', 'other.js']) {
      await writeFile(path.join(inspected.project.root, name), 'console.log(1)\n')
      await expect.poll(() => inspected.dev.text(`/${name}`)).not.toContain('hero')
    }

    await expect.poll(async () => (await inspected.inspection()).models, WAIT).toEqual([])
  })

  it('holds no secret', async () => {
    const inspected = await inspectDev()
    await loadModules(inspected, '/main.js')

    const texts = [await inspected.ask('assets.json'), await inspected.ask('')].map(({ body }) => body)

    expect(texts.join()).not.toContain(inspected.emulator.apiKey)
    expect(texts.join()).not.toContain(inspected.project.root)
  })

  it('asks the account for nothing in `preview`', async () => {
    const inspected = await inspectDev({ options: { mode: 'preview' } })
    await loadModules(inspected, '/main.js')

    expect((await inspected.inspection()).totals.credits.balance).toBeUndefined()
    expect(await inspected.model('hero.png')).toMatchObject({ isAsked: false, state: 'preview' })
    expect(inspected.emulator.counts.total).toBe(0)
  })
})

describe('the files of the inspector', () => {
  it('are the model and the picture of a known key, and nothing else', async () => {
    const inspected = await inspectDev()
    await loadModules(inspected, '/main.js')
    const { id, model = '' } = await inspected.model('hero.png')

    const answers = await Promise.all(
      [
        model,
        `pictures/${id}/0`,
        `pictures/${id}/1`,
        'models/0123456789abcdef.glb',
        `models/${id}.glb/../../hero.png`,
        'pictures/..%2f..%2fhero.png/0',
        '..%2fpackage.json',
        'page.ts',
      ].map((name) => inspected.ask(name)),
    )

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 404, 404, 404, 404])
    expect(answers[0]?.headers['content-type']).toBe('model/gltf-binary')
    const picture = await readFile(path.join(inspected.project.root, 'hero.png'))
    expect(Number(answers[1]?.headers['content-length'])).toBe(picture.length)
  })

  it('come with a policy that runs no inline script and shows them in no frame', async () => {
    const { ask } = await inspectDev()

    for (const name of ['', 'page.js', 'assets.json']) {
      const { status, headers } = await ask(name)
      expect(status).toBe(200)
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/,
      )
      expect(headers['content-security-policy']).not.toMatch(/'unsafe-(inline|eval)'|https?:|\*/)
      expect(headers['content-security-policy']).toContain('worker-src blob:;')
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
    expect((await ask('')).body).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bon\w+=/)
  })

  it('stand below the base of the server', async () => {
    const { root } = await makeProject({ files: HERO })
    const server = await createServer({
      root,
      base: '/sub/',
      configFile: false,
      logLevel: 'silent',
      plugins: [meshyForVite({ mode: 'preview' })],
      server: { host: '127.0.0.1', port: await freePort() },
    })
    onTestFinished(() => server.close())
    await server.listen()
    const { origin } = new URL(server.resolvedUrls?.local[0] ?? '')

    const page = await fetch(`${origin}/sub/__meshy/page.js`)
    const redirect = await fetch(`${origin}/sub/__meshy`, { redirect: 'manual' })

    expect(page.headers.get('content-type')).toMatch(/^text\/javascript/)
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/sub/__meshy/'])
  })

  it('are not there when `inspector` is off, nor named', async () => {
    const inspected = await inspectDev({ options: { inspector: false } })
    await loadModules(inspected, '/main.js')
    await inspected.dev.told(/Build with MESHY_MODE=generate/)

    expect((await inspected.ask('assets.json')).status).toBe(404)
  })
})

describe.each(VITES)('the guard of the inspector in %s', (vite) => {
  it('refuses a foreign host, whatever the server allows', async () => {
    const { ask } = await inspectDev({ vite, server: { allowedHosts: true } })

    const status = async (host: string) => (await ask('assets.json', { headers: { host } })).status

    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '192.0.2.7',
      'evil.example:80',
      '127.0.0.1@evil',
    ])
      expect(`${host} ${await status(host)}`).toBe(`${host} 403`)
    for (const host of ['localhost', 'app.localhost:5173', '127.0.0.1', '[::1]:5173'])
      expect(`${host} ${await status(host)}`).toBe(`${host} 200`)
  })

  it('refuses a foreign origin, whatever the server allows', async () => {
    const { ask, dev } = await inspectDev({ vite, server: { cors: true } })
    const { host } = new URL(dev.url)

    const answer = (headers: Record<string, string>) => ask('assets.json', { headers: { host, ...headers } })

    for (const origin of [
      'http://evil.example',
      'http://127.0.0.1:1',
      'http://localhost:1',
      'null',
      `ftp://${host}`,
    ]) {
      const { status, headers } = await answer({ origin })
      expect(`${origin} ${status}`).toBe(`${origin} 403`)
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
    expect((await answer({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(403)
    expect((await answer({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  it('lets only the page spend', async () => {
    const inspected = await inspectDev({ vite })
    await loadModules(inspected, '/main.js')
    const { id } = await inspected.model('hero.png')
    const token = await inspected.token()
    const origin = inspected.dev.url
    const right = { origin, 'x-meshy-token': token, 'content-type': 'application/json' }
    const { origin: _, ...withoutOrigin } = right
    const { 'x-meshy-token': __, ...withoutToken } = right
    const wrong = [
      withoutOrigin,
      withoutToken,
      { ...right, origin: 'http://evil.example' },
      { ...right, 'x-meshy-token': `${token.slice(1)}x` },
      { ...withoutToken, cookie: `x-meshy-token=${token}` },
    ]
    const body = JSON.stringify({ keys: [id] })

    for (const action of ['generate', 'retry'])
      for (const headers of wrong)
        expect((await inspected.ask(action, { method: 'POST', headers, body })).status).toBe(403)
    expect((await inspected.ask('generate', { method: 'GET', headers: right })).status).toBe(404)
    expect((await inspected.ask('generate', { method: 'POST', headers: right, body: '{}' })).status).toBe(400)
    expect(inspected.emulator.counts.posts).toBe(0)

    expect((await inspected.ask('generate', { method: 'POST', headers: right, body })).status).toBe(200)
    await ready(inspected)
    expect(inspected.emulator.counts.posts).toBe(1)
  })

  it('has another token in each server', async () => {
    const tokens = [await (await inspectDev({ vite })).token(), await (await inspectDev({ vite })).token()]

    expect(tokens[0]).toMatch(/^[\w-]{32}$/)
    expect(tokens[1]).not.toBe(tokens[0])
  })
})

describe('retry', () => {
  it('spends nothing where nothing may be sent', async () => {
    const inspected = await inspectDev({ options: { mode: 'preview' } })
    await loadModules(inspected, '/main.js')
    const { id } = await inspected.model('hero.png')

    const answers = [
      await pressButton(inspected, 'generate', [id]),
      await pressButton(inspected, 'retry', [id]),
    ]

    expect(answers.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ keys: [] }, { keys: [] }])
    expect(inspected.emulator.counts.total).toBe(0)
  })
})

async function ready(inspected: Inspected): Promise<void> {
  await expect.poll(async () => (await inspected.model('hero.png')).state, WAIT).toBe('ready')
}
