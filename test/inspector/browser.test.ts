import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/project.ts'
import { inspectDev, loadModules, type Inspected } from './inspected.ts'

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
const PICTURES = { 'villain.png': 'dragon.png', 'car.png': 'car.png', 'house.png': 'house.png' }

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(() => browser?.close())

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

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const)('fits its window: %s', async (name, options) => {
    const inspected = await showEveryState()
    const { page } = await openPage(inspected, options)
    for (const card of await page.locator('.card').all()) {
      await card.scrollIntoViewIfNeeded()
      await card.locator('.view[data-shown]').waitFor()
    }
    await painted(page)
    await page.screenshot({ path: path.join(SCREENSHOTS, `inspector-${name}.png`), fullPage: true })

    const [width, room] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      globalThis.innerWidth,
    ])
    expect(width).toBe(room)
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

async function openPage({ dev }: Inspected, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  await page.goto(`${dev.url}/__meshy/`)
  return { page, problems }
}

function cardOf(page: Page, image: string) {
  return page.locator('.card', { has: page.getByRole('heading', { name: image }) })
}

function badge(card: ReturnType<typeof cardOf>): Promise<string> {
  return card.locator('.badge').innerText()
}

/** Pictures are decoded beside the page's own work, and may be missing in a screenshot. */
async function painted(page: Page): Promise<void> {
  await page.evaluate(async () => {
    scrollTo(0, 0)
    await Promise.all([...document.images].map((image) => image.decode()))
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame)
  })
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
