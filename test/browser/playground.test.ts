import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { preview, type PreviewServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sharedBrowser } from '../support/browser.ts'
import { mustSucceed, REPOSITORY, runNode } from '../support/project.ts'

const TEMPORARY = path.join(REPOSITORY, 'test', '.tmp')
// Inside of the repository, where `unplugin-meshy` and three.js are found; without the cache of earlier runs.
const PLAYGROUND = path.join(TEMPORARY, 'playground')
const MODELS = 15

let server: PreviewServer
let browser: Browser
let firstDemo: string

beforeAll(async () => {
  await copyPlayground()
  firstDemo = await runDemo()
  server = await preview({ root: PLAYGROUND, configFile: false, preview: { port: 0, host: '127.0.0.1' } })
  browser = await sharedBrowser()
})

afterAll(async () => {
  await server?.close()
})

describe('npm run demo', () => {
  it('generates every model when it runs for the first time', () => {
    expect(firstDemo.match(/\bgenerated\b/g)?.length).toBeGreaterThanOrEqual(MODELS)
  })

  it('keeps what it makes in its own folder, out of the sight of git', async () => {
    expect(await readdir(PLAYGROUND)).toEqual(expect.arrayContaining(['.meshy', 'dist', 'meshy-lock.json']))
  })

  it('takes every model from the cache and sends no request when it runs again', async () => {
    const output = await runDemo()

    expect(output).toContain(`All ${MODELS} models came from the cache: 0 requests, 0 credits.`)
  })
})

describe('the playground', () => {
  let opened: Awaited<ReturnType<typeof openPage>>

  beforeAll(async () => {
    opened = await openPage()
  })

  afterAll(() => opened?.page.context().close())

  it('draws every model', async () => {
    const { page, problems } = opened
    await page.screenshot({ path: path.join(TEMPORARY, 'playground.png'), fullPage: true })

    expect(await page.locator('.card').count()).toBe(MODELS)
    expect(await page.locator('.badge').allTextContents()).toEqual(
      Array.from({ length: MODELS }, () => 'ready'),
    )
    expect(await blankModels(page)).toEqual([])
    expect(problems).toEqual([])
  })

  it('draws in the dark, on a narrow screen', async () => {
    const { page } = opened
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: path.join(TEMPORARY, 'playground-phone.png') })

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    expect(await blankModels(page)).toEqual([])
  })

  it('turns the models unless the visitor prefers less motion', async () => {
    const { page } = opened
    const button = (pressed: boolean) => page.getByRole('button', { name: 'Turn the models', pressed })

    await page.emulateMedia({ reducedMotion: 'reduce' })
    await button(false).waitFor()
    expect(await isTurning(page)).toBe(false)

    await page.emulateMedia({ reducedMotion: 'no-preference' })

    await button(true).waitFor()
    expect(await isTurning(page)).toBe(true)
  })

  it('is noticed here when one model is blank', async () => {
    await opened.page.context().close()
    const { page } = await openPage({ '**/pig-*.glb': emptyModel() })
    onTestFinished(() => page.context().close())

    expect(await blankModels(page)).toEqual(['pig'])
  })
})

async function copyPlayground(): Promise<void> {
  const left = new Set(['.meshy', 'dist', 'meshy-lock.json'])
  await rm(PLAYGROUND, { recursive: true, force: true })
  await mkdir(TEMPORARY, { recursive: true })
  await cp(path.join(REPOSITORY, 'playground'), PLAYGROUND, {
    recursive: true,
    filter: (source) => !left.has(path.basename(source)),
  })
}

async function runDemo(): Promise<string> {
  const { stdout } = await mustSucceed(runNode(['demo.mjs'], { cwd: PLAYGROUND }))
  return stdout
}

/** Opens the page and waits until each model was loaded, or failed to be. */
async function openPage(answers: Record<string, Buffer> = {}) {
  // Turning models keep two cores busy where no graphics card helps.
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(55_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  for (const [url, body] of Object.entries(answers)) await page.route(url, (route) => route.fulfill({ body }))
  await page.goto(server.resolvedUrls?.local[0] ?? '')
  await page.waitForFunction(() => {
    const { playgroundModels } = globalThis as unknown as { playgroundModels?: ModelStatus[] }
    return playgroundModels?.every(({ loaded, error }) => loaded || error)
  })
  return { page, problems }
}

/** What the page tells about each of its models. */
interface ModelStatus {
  name: string
  loaded: boolean
  error: string | undefined
  canvas: HTMLCanvasElement
}

/** Names of the models whose canvas shows nothing, or next to nothing, or a single colour. */
function blankModels(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { playgroundModels } = globalThis as unknown as { playgroundModels: ModelStatus[] }
    return playgroundModels.filter(({ canvas }) => isBlank(canvas)).map(({ name }) => name)

    function isBlank(canvas: HTMLCanvasElement): boolean {
      const rgba = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      const colours = new Set<number>()
      let drawn = 0
      for (let at = 0; at < rgba.length; at += 4) {
        if ((rgba[at + 3] ?? 0) < 128) continue
        drawn += 1
        colours.add(
          ((rgba[at] ?? 0) >> 4) * 256 + ((rgba[at + 1] ?? 0) >> 4) * 16 + ((rgba[at + 2] ?? 0) >> 4),
        )
      }
      return drawn < 0.02 * canvas.width * canvas.height || colours.size < 2
    }
  })
}

/** Whether the first model looks different after some frames. */
function isTurning(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const canvas = document.querySelector('canvas')
    const before = canvas?.toDataURL()
    for (let frames = 0; frames < 5; frames += 1) await new Promise(requestAnimationFrame)
    return canvas?.toDataURL() !== before
  })
}

/** A valid GLB in which there is nothing to see. */
function emptyModel(): Buffer {
  const json = Buffer.from('{"asset":{"version":"2.0"},"scene":0,"scenes":[{}]}'.padEnd(52))
  const header = Buffer.alloc(20)
  header.write('glTF')
  header.writeUInt32LE(2, 4)
  header.writeUInt32LE(header.length + json.length, 8)
  header.writeUInt32LE(json.length, 12)
  header.write('JSON', 16)
  return Buffer.concat([header, json])
}
