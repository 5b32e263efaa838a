import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startDev, type DevServer } from '../bundlers/dev-server.ts'
import { emulate, makeProject, paying, VITES, type ViteName } from '../bundlers/harness.ts'
import { sharedBrowser } from '../support/browser.ts'
import { REPOSITORY, type Project } from '../support/project.ts'

const SPECIFIER = './hero.png?meshy&poly=900'
const SHOW = `import hero from '${SPECIFIER}'\ndocument.title = hero.metadata.state\n`
const FLUSH = `import.meta.hot.on('flush', () => (document.documentElement.id = 'flushed'))\n`
const ACCEPT = `import.meta.hot.accept('${SPECIFIER}', (update) => (document.title = update.default.metadata.state))\n`
const FAILURE = { kind: 'failTask', type: 'invalid_input', message: 'cannot find an object' } as const
const WAIT = { timeout: 60_000 }

let browser: Browser

beforeAll(async () => {
  browser = await sharedBrowser()
})

describe.each(VITES)('a page of %s whose model failed', (vite) => {
  it.each([
    ['is loaded again', SHOW],
    ['accepts updates', SHOW + ACCEPT],
  ])('shows the stand-in, and once the reason with the next step, when it %s', async (_, script) => {
    const { page, emulator, dev } = await openPage(vite, script + FLUSH)

    const text = await overlayOf(page)

    expect(text).toMatch(
      /hero\.png[\s\S]*cannot find an object[\s\S]*Change the image[\s\S]*MESHY_TASK_FAILED/,
    )
    expect(await page.title()).toBe('preview')
    expect(emulator.counts.posts).toBe(1)

    // A tab that was reloaded at once, for another model that failed, would not have been read.
    await page.waitForFunction(() => sessionStorage.length > 0, undefined, WAIT)
    await connected(page, () => page.reload())
    await page.waitForFunction(() => document.title === 'preview', undefined, WAIT)
    // Whatever the server has sent is there when this is.
    dev.server.environments.client.hot.send({ type: 'custom', event: 'flush', data: {} })
    await page.locator('html#flushed').waitFor({ ...WAIT, state: 'attached' })
    expect(await page.locator('vite-error-overlay').count()).toBe(0)
  })
})

// Nothing of this depends on the version.
describe('a page whose model failed', () => {
  const [vite] = VITES

  it('is told the reason again by a server that was started anew, in each tab', async () => {
    const first = await openPage(vite, SHOW)
    await overlayOf(first.page)
    await first.dev.close()

    const { page, emulator, dev } = await openPage(vite, SHOW, first)

    expect(await overlayOf(page)).toMatch(/failed before[\s\S]*cannot find an object/)
    const other = await openTab(dev)
    expect(await overlayOf(other)).toMatch(/failed before[\s\S]*cannot find an object/)
    expect(emulator.counts.posts).toBe(1)
  })

  it('is told of all that failed, at each load where nothing may be remembered', async () => {
    const emulator = await emulate({ faults: [FAILURE, FAILURE] })
    const { dev } = await openPage(vite, `${SHOW}import './villain.png?meshy'\n`, { emulator })
    const page = await openTab(dev, (tab) => tab.addInitScript(blockStorage))
    const both = /hero\.png[\s\S]*villain\.png/

    await overlayOf(page, both)
    await connected(page, () => page.reload())

    await overlayOf(page, both)
  })

  it('is not told again of what is over', async () => {
    const emulator = await emulate({
      faults: [
        { ...FAILURE, nth: 1 },
        { ...FAILURE, nth: 3 },
      ],
    })
    const late =
      `import.meta.hot.on('late', () => import('./villain.png?meshy'))\n` +
      `import.meta.hot.accept('./villain.png?meshy', () => {})\n`
    const { page, project, dev } = await openPage(vite, SHOW + ACCEPT + late, { emulator })
    await overlayOf(page, /hero\.png/)
    await copyFile(path.join(REPOSITORY, 'playground/images/chair.png'), path.join(project.root, 'hero.png'))
    await page.waitForFunction(() => document.title === 'ready', undefined, WAIT)

    dev.server.environments.client.hot.send({ type: 'custom', event: 'late', data: {} })

    expect(await overlayOf(page, /villain\.png/)).not.toContain('hero.png')
  })
})

/** As browsers do when their user does not want to be remembered. */
function blockStorage(): void {
  Object.defineProperty(window, 'sessionStorage', {
    get: () => {
      throw new DOMException('No storage for you.', 'SecurityError')
    },
  })
}

interface Before {
  emulator?: Awaited<ReturnType<typeof emulate>>
  project?: Project
}

/** @param before a page whose project and service are taken over */
async function openPage(vite: ViteName, script: string, before: Before = {}) {
  const emulator = before.emulator ?? (await emulate({ faults: [FAILURE] }))
  const html = '<!doctype html><title></title><script type="module" src="/main.js"></script>'
  const files = { 'index.html': html, 'main.js': script }
  const project = before.project ?? (await makeProject({ files, pictures: { 'villain.png': 'dragon.png' } }))
  const dev = await startDev(vite, project, { meshy: paying(emulator), config: { appType: 'spa' } })
  dev.disconnect()
  return { page: await openTab(dev), emulator, project, dev }
}

async function openTab({ url }: DevServer, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  await prepare?.(page)
  await connected(page, () => page.goto(url))
  return page
}

/** Does what makes a page load, and waits until it hears from its server. */
async function connected(page: Page, load: () => Promise<unknown>): Promise<void> {
  const isTold = page.waitForEvent('console', {
    ...WAIT,
    predicate: (message) => message.text().includes('[vite] connected'),
  })
  await load()
  await isTold
}

/** What the overlay says, once it says this. */
async function overlayOf(page: Page, pattern = /./): Promise<string> {
  const message = page.locator('vite-error-overlay .message-body').filter({ hasText: pattern })
  await message.waitFor(WAIT)
  return (await message.textContent()) ?? ''
}
