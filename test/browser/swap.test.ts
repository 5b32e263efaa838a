import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AssetMetadata } from '../../src/types.ts'
import { startDev } from '../bundlers/dev-server.ts'
import { emulate, makeProject, paying, servedModels, VITES, type ViteName } from '../bundlers/harness.ts'
import { sharedBrowser } from '../support/browser.ts'
import { startGate } from '../support/gate.ts'

const SPECIFIER = './hero.png?meshy&poly=900'
const SHOW = `import hero from '${SPECIFIER}'\nglobalThis.shown = hero\n`
const ACCEPT = `import.meta.hot.accept('${SPECIFIER}', (update) => (globalThis.shown = update.default))\n`
const WAIT = { timeout: 60_000 }

/** What a page of these tests has on its global object. */
interface Shown {
  shown?: { url: string; metadata: AssetMetadata }
  /** Set once by the test: a page that was loaded again has it no more. */
  marker?: string
}

let browser: Browser

beforeAll(async () => {
  browser = await sharedBrowser()
})

describe.each(VITES)('a page that nobody touches, served by %s,', (vite) => {
  it.each([
    [
      'swaps the model in place when its module accepts the update',
      SHOW + ACCEPT,
      { marker: 'here', pages: 1 },
    ],
    ['is loaded again, and has the model, when no module does', SHOW, { marker: undefined, pages: 2 }],
  ])('%s', async (_, script, { marker, pages }) => {
    const { page, emulator, finishTask, loads } = await openPage(vite, script)
    const standIn = await shownOn(page)
    const before = await fetchModel(page)

    finishTask()
    await becomesReady(page)

    const model = await shownOn(page)
    expect(standIn).toMatchObject({ metadata: { state: 'pending', source: 'stand-in' } })
    expect(before.toString('latin1', 0, 4)).toBe('glTF')
    expect(model).toMatchObject({ metadata: { state: 'ready', key: standIn.metadata.key } })
    expect(model.url).not.toBe(standIn.url)
    expect([await fetchModel(page)]).toEqual(await servedModels(emulator))
    expect(await markerOf(page)).toBe(marker)
    expect(loads()).toBe(pages)
    expect(emulator.counts.posts).toBe(1)
  })
})

/** A page on a dev server, opened while the service keeps every word about the task to itself. */
async function openPage(vite: ViteName, script: string) {
  const emulator = await emulate()
  const gate = await startGate(emulator, onTestFinished)
  let finishTask = () => {}
  const finished = new Promise<void>((resolve) => (finishTask = resolve))
  gate.onRequest = ({ method, path }) => (isAboutTask(method, path) ? finished : undefined)
  const html = '<!doctype html><script type="module" src="/main.js"></script>'
  const project = await makeProject({ files: { 'index.html': html, 'main.js': script } })
  const dev = await startDev(vite, project, {
    meshy: { ...paying(emulator), baseUrl: gate.url },
    config: { appType: 'spa' },
  })
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  // What waits at the gate would hold up the end of a test that fails.
  onTestFinished(() => finishTask())
  let loads = 0
  page.on('framenavigated', () => loads++)
  const connected = page.waitForEvent('console', {
    ...WAIT,
    predicate: (message) => message.text().includes('[vite] connected'),
  })
  await page.goto(dev.url)
  await connected
  await page.evaluate(() => ((globalThis as Shown).marker = 'here'))
  return { page, emulator, finishTask, loads: () => loads }
}

/** Whether a request reads one task, or its stream: listing tasks and submitting one go on. */
function isAboutTask(method: string, path: string): boolean {
  return method === 'GET' && /\/image-to-3d\/[^?]/.test(path)
}

async function shownOn(page: Page): Promise<NonNullable<Shown['shown']>> {
  await page.waitForFunction(() => (globalThis as Shown).shown !== undefined, undefined, WAIT)
  const shown = await page.evaluate(() => (globalThis as Shown).shown)
  if (!shown) throw new Error('The page shows nothing.')
  return shown
}

/** Resolves as soon as the page shows the real model, over whatever reload it does by itself. */
async function becomesReady(page: Page): Promise<void> {
  await page.waitForFunction(() => (globalThis as Shown).shown?.metadata.state === 'ready', undefined, WAIT)
}

/** The bytes of the model that a page shows, as the page itself gets them. */
async function fetchModel(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const answer = await fetch((globalThis as Shown).shown?.url ?? '')
    return [...new Uint8Array(await answer.arrayBuffer())]
  })
  return Buffer.from(bytes)
}

function markerOf(page: Page): Promise<string | undefined> {
  return page.evaluate(() => (globalThis as Shown).marker)
}
