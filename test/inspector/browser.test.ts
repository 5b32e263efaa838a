import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { readGlb } from '../../src/glb/read.ts'
import { findPageFolder } from '../../src/inspector/page-files.ts'
import { sharedBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/project.ts'
import { inspectDev, loadModules, outward, type Inspected } from './inspected.ts'

const SCREENSHOTS = path.join(REPOSITORY, 'test', '.tmp')
const WAIT = { timeout: 30_000 }
/** A failure of the request, which the same request would meet again. */
const FAILURE = {
  kind: 'failTask',
  type: 'invalid_input',
  message: 'cannot find an object in the picture',
} as const

const FILES = {
  'hero.js': `import hero from './hero.png?meshy&pbr&poly=20000'\nconsole.log(hero)\n`,
  'villain.js': `import villain from './villain.png?meshy&prompt=green%20scales'\nconsole.log(villain)\n`,
  'car.js': `import car from './car.png?meshy'\nconsole.log(car)\n`,
  'house.js': `import house from './house.png?meshy&no-texture&symmetry=on'\nconsole.log(house)\n`,
}
const PICTURES = {
  'hero.png': 'robot.png',
  'villain.png': 'dragon.png',
  'car.png': 'car.png',
  'house.png': 'house.png',
}

const DERIVED = {
  'draco.js': `import './hero.png?meshy&poly=3000&compress=draco'\n`,
  'meshopt.js': `import './car.png?meshy&poly=3000&compress=meshopt'\n`,
  'webp.js': `import './villain.png?meshy&poly=3000&optimize'\n`,
}

let browser: Browser

beforeAll(async () => {
  browser = await sharedBrowser()
})

describe('the page of the inspector', () => {
  it('shows a model, and generates it by one press and one POST', async () => {
    const inspected = await inspectDev({ files: FILES, pictures: PICTURES, emulator: { taskMs: 1_500 } })
    await loadModules(inspected, '/hero.js', '/villain.js')
    const { page, problems } = await openPage(inspected)
    const hero = cardOf(page, 'hero.png')

    await hero.locator('.view[data-shown]').waitFor()
    expect(await badge(hero)).toBe('stand-in')
    expect(await isDrawn(hero)).toBe(true)
    expect(inspected.emulator.counts.posts).toBe(0)

    await hero.getByRole('button', { name: 'Generate, 30 credits' }).click()
    await expect.poll(() => badge(hero), WAIT).toBe('on its way')
    await expect.poll(() => badge(hero), WAIT).toBe('ready')

    expect(inspected.emulator.counts.posts).toBe(1)
    expect(await badge(cardOf(page, 'villain.png'))).toBe('stand-in')
    expect(await hero.getByRole('button').allTextContents()).toEqual(['Roll again'])
    expect(problems).toEqual([])
  })

  it('draws what was derived, and fetches the decoder of Draco for its models alone', async () => {
    const inspected = await inspectDev({
      files: DERIVED,
      pictures: PICTURES,
      emulator: { models: 'mesh' },
      options: { mode: 'generate' },
    })
    await loadModules(inspected, '/meshopt.js', '/webp.js')
    const { page, problems, paths } = await openPage(inspected)
    const decoder = () => paths.filter((name) => name.includes('draco_'))

    for (const image of ['car.png', 'villain.png']) await shownAsDerived(page, inspected, image)
    expect(decoder()).toEqual([])
    expect(await compressedSize(paths)).toBeLessThan(200_000)
    await loadModules(inspected, '/draco.js')
    await shownAsDerived(page, inspected, 'hero.png')
    await takePicture(page, 'inspector-derived')
    expect(await compressedSize(paths)).toBeLessThan(350_000)

    expect(await extensionsOf(inspected, 'car.png')).toContain('EXT_meshopt_compression')
    expect(await extensionsOf(inspected, 'villain.png')).toContain('EXT_texture_webp')
    expect(await extensionsOf(inspected, 'hero.png')).toContain('KHR_draco_mesh_compression')
    expect(decoder().toSorted()).toEqual(['/__meshy/draco_decoder.wasm', '/__meshy/draco_wasm_wrapper.js'])
    expect(problems).toEqual([])
  })

  it('tells a derivation that failed, and tries it again by one press', async () => {
    let problem: Error | undefined = new Error('there is no mesh of that name')
    const transform = () => {
      if (problem) throw problem
    }
    const inspected = await inspectDev({
      files: DERIVED,
      pictures: PICTURES,
      options: { mode: 'generate', transforms: [{ name: 'own', version: 1, transform }] },
    })
    await loadModules(inspected, '/draco.js')
    const { page, problems } = await openPage(inspected)
    const card = cardOf(page, 'hero.png')
    await expect.poll(() => badge(card), WAIT).toBe('failed')
    const { model } = await inspected.model('hero.png')
    await card.locator(`.view[data-shown="${model}"]`).waitFor()
    expect(await card.locator('.error').innerText()).toContain('there is no mesh of that name')
    expect(await card.locator('canvas').getAttribute('aria-label')).toMatch(/^The model of hero\.png/)
    expect(await page.locator('.totals').innerText()).toMatch(/this run\s+30 credits/)
    await takePicture(page, 'inspector-not-derived')
    problem = undefined

    await card.getByRole('button', { name: 'Retry' }).click()

    await expect.poll(() => badge(card), WAIT).toBe('ready')
    expect(await card.locator('dl').innerText()).toContain('derived with')
    expect(inspected.emulator.counts.posts).toBe(1)
    expect(problems).toEqual([])
  })

  it('shows true sizes, what a derivation changed, and levels side by side with their bytes', async () => {
    const inspected = await inspectDev({
      files: { 'hero.js': `import './hero.png?meshy&height=1.8&origin=bottom&lods=3'` },
      pictures: PICTURES,
      options: { mode: 'generate' },
    })
    await loadModules(inspected, '/hero.js')
    const { page, problems } = await openPage(inspected)
    const card = cardOf(page, 'hero.png')
    const levels = card.locator('.levels li')

    await expect.poll(async () => (await inspected.model('hero.png')).levels.length, WAIT).toBe(2)
    await levels.nth(2).waitFor()

    const { levels: told, metadata } = await inspected.model('hero.png')
    const facts = await card.locator('dl').innerText()
    expect(facts).toMatch(/1\.9 × [\d.]+ × [\d.]+ m → [\d.]+ × 1\.8 × [\d.]+ m|× 1\.8 × [\d.]+ m/)
    expect(facts).toContain('height=1.8, origin=bottom')
    expect(await levels.first().innerText()).toContain(
      `${metadata?.triangles.toLocaleString('en')} triangles`,
    )
    for (const [index, { triangles, model }] of told.entries()) {
      const level = levels.nth(index + 1)
      expect(await level.innerText()).toMatch(
        new RegExp(`^${triangles.toLocaleString('en')} triangles, .*B$`),
      )
      await level.scrollIntoViewIfNeeded()
      await level.locator(`.view[data-shown="${model}"]`).waitFor()
    }
    await takePicture(page, 'inspector-levels')
    expect(problems).toEqual([])
  })

  it.runIf(outward)('lets nobody press from another machine, and says why', async () => {
    const here = await inspectDev({ files: FILES, pictures: PICTURES, server: { host: '0.0.0.0' } })
    await loadModules(here, '/hero.js')
    const { page } = await openPage({ url: here.url.replace('127.0.0.1', outward ?? '') })
    const card = cardOf(page, 'hero.png')
    await card.locator('.view[data-shown]').waitFor()

    for (const name of ['Generate all, 30 credits', 'Generate, 30 credits'])
      expect(await page.getByRole('button', { name, exact: true }).isDisabled()).toBe(true)
    expect(await card.getByRole('button', { name: 'Roll again' }).isEnabled()).toBe(true)
    expect(await page.locator('.lock').innerText()).toContain('from the machine that runs the server')
    await takePicture(page, 'inspector-locked')
  })

  it('copies the next take that no import has', async () => {
    const inspected = await inspectDev({
      files: {
        'one.js': `import './hero.png?meshy&poly=900'\n`,
        'two.js': `import './hero.png?meshy&poly=900&take=2'\nimport './hero.png?meshy&poly=800&take=3'\n`,
      },
    })
    await loadModules(inspected, '/one.js')
    const { page } = await openPage(inspected)
    const first = page.locator('.card', { hasText: 'one.js' })
    const roll = () => first.getByRole('button', { name: 'Roll again' }).click()
    const copied = () => first.locator('.copied').innerText()
    await roll()
    await expect.poll(copied).toContain('?meshy&poly=900&take=2')

    await loadModules(inspected, '/two.js')
    await page.locator('.card').nth(2).waitFor()
    await roll()

    await expect.poll(copied).toContain('?meshy&poly=900&take=3')
  })

  it('filters, sorts, and tells what failed with the next step', async () => {
    const inspected = await showEveryState()
    const { page, problems } = await openPage(inspected)
    await page.locator('.view[data-shown]').nth(3).waitFor()
    const names = () => page.locator('h2').allTextContents()

    expect(await names()).toEqual(['car.png', 'hero.png', 'house.png', 'villain.png'])
    expect(await cardOf(page, 'car.png').locator('.error').innerText()).toContain('cannot find an object')

    await page.getByLabel('Sort by').selectOption('state')
    expect((await names())[0]).toBe('car.png')
    await page.locator('label', { hasText: 'failed' }).click()
    expect(await names()).toEqual(['car.png'])
    await page.locator('label', { hasText: 'all' }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('villain.js')
    expect(await names()).toEqual(['villain.png'])
    expect(problems).toEqual([])
  })

  it('is usable by keyboard alone', async () => {
    const inspected = await inspectDev({ files: FILES, pictures: PICTURES })
    await loadModules(inspected, '/hero.js')
    const { page } = await openPage(inspected)
    const canvas = cardOf(page, 'hero.png').locator('canvas')
    await page.locator('.view[data-shown]').waitFor()
    const before = await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())

    await canvas.focus()
    await page.keyboard.press('ArrowRight')
    expect(await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())).not.toBe(before)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')

    await expect.poll(() => badge(cardOf(page, 'hero.png')), WAIT).toBe('ready')
    expect(inspected.emulator.counts.posts).toBe(1)
  })

  it('fits its window, in the light, in the dark, and on a phone', async () => {
    const inspected = await showEveryState()
    const { page } = await openPage(inspected)
    for (const [name, colorScheme, viewport] of [
      ['light', 'light', { width: 1280, height: 900 }],
      ['dark', 'dark', { width: 1280, height: 900 }],
      ['phone', 'light', { width: 390, height: 844 }],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(viewport)
      for (const card of await page.locator('.card').all()) {
        await card.scrollIntoViewIfNeeded()
        await card.locator('.view[data-shown]').waitFor()
      }
      await takePicture(page, `inspector-${name}`)

      const [width, room] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        globalThis.innerWidth,
      ])
      expect(width, name).toBe(room)
    }
  })
})

describe('a page of another origin', () => {
  it('can neither read nor trigger anything', async () => {
    const inspected = await inspectDev({ files: FILES, pictures: PICTURES, server: { cors: true } })
    await loadModules(inspected, '/hero.js')
    const { id, model = '' } = await inspected.model('hero.png')
    const token = await inspected.token()
    const foreign = await serveForeignPage()
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(foreign)

    const outcome = await page.evaluate(tryEverything, {
      base: `${inspected.dev.url}/__meshy/`,
      token,
      id,
      model,
    })

    expect(outcome).toEqual({
      read: ['refused', 'refused', 'refused'],
      posts: ['refused', 'refused', 'refused'],
      image: 'refused',
      frame: 'empty',
    })
    expect(inspected.emulator.counts.posts).toBe(0)
    expect(await inspected.model('hero.png')).toMatchObject({ isAsked: true })
  })
})

/** One model in each state: ready, on its way, a stand-in, and failed. */
async function showEveryState(): Promise<Inspected> {
  const inspected = await inspectDev({
    files: FILES,
    pictures: PICTURES,
    emulator: {
      faults: [
        { ...FAILURE, nth: 1 },
        { kind: 'slow99', ms: 20_000, nth: 3 },
      ],
    },
  })
  await loadModules(inspected, '/hero.js', '/villain.js', '/car.js', '/house.js')
  const plugin = inspected.dev.server.config.plugins.find(({ name }) => name === 'unplugin-meshy')
  for (const [image, state] of [
    ['car.png', 'failed'],
    ['hero.png', 'ready'],
    ['house.png', 'pending'],
  ] as const) {
    await plugin?.api.agree([(await inspected.model(image)).id])
    await expect.poll(async () => (await inspected.model(image)).state, WAIT).toBe(state)
  }
  await expect.poll(async () => (await inspected.model('house.png')).progress?.percent, WAIT).toBe(99)
  return inspected
}

async function openPage({ url }: Pick<Inspected, 'url'>, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  const paths: string[] = []
  page.on('request', (request) => void paths.push(new URL(request.url()).pathname))
  await page.goto(`${url}/__meshy/`)
  return { page, problems, paths }
}

/** Waits until the page shows what was derived, and looks at it. */
async function shownAsDerived(page: Page, inspected: Inspected, image: string): Promise<void> {
  await expect.poll(async () => (await inspected.model(image)).metadata?.derived, WAIT).toBeDefined()
  const card = cardOf(page, image)
  await card.scrollIntoViewIfNeeded()
  const { model = '' } = await inspected.model(image)
  await card.locator(`.view[data-shown="${model}"]`).waitFor()
  expect(await isDrawn(card)).toBe(true)
}

/** Bytes of the page's own files among these, as a server that compresses would send them. */
async function compressedSize(paths: readonly string[]): Promise<number> {
  const names = new Set(
    paths.filter((name) => /\.(?:js|css|wasm)$/.test(name)).map((name) => path.basename(name)),
  )
  const sizes = [...names].map(
    async (name) => gzipSync(await readFile(path.join(findPageFolder(), name))).length,
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

async function extensionsOf({ model, url }: Inspected, image: string): Promise<string[] | undefined> {
  const path = (await model(image)).model ?? ''
  const answer = await fetch(new URL(`/__meshy/${path}`, url))
  return readGlb(new Uint8Array(await answer.arrayBuffer())).json.extensionsUsed as string[] | undefined
}

function cardOf(page: Page, image: string) {
  return page.locator('.card', { has: page.getByRole('heading', { name: image }) })
}

function badge(card: ReturnType<typeof cardOf>): Promise<string> {
  return card.locator('.badge').innerText()
}

/**
 * The whole page, in a window as high as that: pictures are decoded beside the page's own work, and those that come into
 * the window while the screenshot is taken would be missing in it.
 */
async function takePicture(page: Page, name: string): Promise<void> {
  const { width = 1280 } = page.viewportSize() ?? {}
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ width, height })
  await page.evaluate(async () => {
    await Promise.all([...document.images].map((image) => image.decode()))
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame)
  })
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) })
}

/** Whether a canvas shows more than one colour. */
function isDrawn(card: ReturnType<typeof cardOf>): Promise<boolean> {
  return card.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
    const colours = new Set<number>()
    for (let at = 0; at < data.length; at += 4)
      colours.add(((data[at] ?? 0) >> 4) * 16 + ((data[at + 1] ?? 0) >> 4))
    return colours.size > 4
  })
}

/** A page on another port of this machine: another origin. */
async function serveForeignPage(): Promise<string> {
  const server: Server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>elsewhere</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Runs in the foreign page, which even knows the token. */
async function tryEverything(known: { base: string; token: string; id: string; model: string }) {
  const { base, token, id, model } = known
  const attempt = async (path: string, init: RequestInit = {}): Promise<string> => {
    try {
      const answer = await fetch(base + path, init)
      if (answer.type === 'opaque') return 'opaque'
      return answer.ok ? `read: ${await answer.text()}` : 'refused'
    } catch {
      return 'refused'
    }
  }
  const body = JSON.stringify({ keys: [id] })
  const image = new Promise<string>((resolve) => {
    const element = new Image()
    element.addEventListener('load', () => resolve('shown'))
    element.addEventListener('error', () => resolve('refused'))
    element.src = `${base}pictures/${id}/0`
  })
  const frame = new Promise<string>((resolve) => {
    const element = document.createElement('iframe')
    element.addEventListener('load', () => resolve(element.contentDocument?.body ? 'readable' : 'empty'))
    element.src = base
    document.body.append(element)
  })
  return {
    read: [await attempt(''), await attempt('assets.json'), await attempt(model)],
    posts: [
      await attempt('generate', { method: 'POST', body }),
      await attempt('generate', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'x-meshy-token': token },
      }),
      // Sent without asking first, as a form would; nothing of the answer can be read.
      await attempt('generate', { method: 'POST', body, mode: 'no-cors' }),
    ],
    image: await image,
    frame: await frame,
  }
}
