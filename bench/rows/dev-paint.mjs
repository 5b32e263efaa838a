import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createJiti } from 'jiti'
import { startChild } from '../lib/child.mjs'
import { writeEmoji } from '../lib/emoji.mjs'
import { median } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

// The browser is found and started as in the tests.
const { launchBrowser } = await createJiti(import.meta.url).import('../../test/support/browser.ts')

const LONGEST_WAIT_MS = 300_000

/**
 * The first paint of a page that imports missing models, in a real browser and on a fresh dev server: before any
 * stand-in was made, and later, compared with the same page that imports these stand-ins as files with `?url`.
 */
export async function measure({ models = 50, rounds = 15 } = {}) {
  const project = await createProject({ pictures: 0 })
  const { root } = project
  const browser = await launchBrowser()
  try {
    await writeEmoji(path.join(root, 'pictures'), { count: models, size: 512 })
    const code = entryOf(
      models,
      (i) => `./pictures/p${i}.png?meshy`,
      (name) => `${name}.url`,
    )
    await writePage(root, 'models', code)
    const withModels = { root, page: 'models', meshy: {}, until: () => meshesIn(root, models) }
    await paint(browser, withModels)
    await copyMeshes(root)
    await writePage(
      root,
      'url',
      entryOf(models, (i) => `./meshes/p${i}.glb?url`),
    )
    const samples = { url: [], first: [], later: [] }
    for (let round = 0; round < rounds; round++) {
      samples.url.push(await paint(browser, { root, page: 'url' }))
      await rm(path.join(root, '.meshy'), { recursive: true, force: true })
      samples.first.push(await paint(browser, withModels))
      samples.later.push(await paint(browser, withModels))
    }
    const [url, first, later] = [samples.url, samples.first, samples.later].map(median)
    return { models, rounds, url, first, later }
  } finally {
    await browser.close()
    await project.remove()
  }
}

/** Milliseconds from the start of the navigation to the first paint of content, which the imports make. */
async function paint(browser, { root, page: name, meshy, until }) {
  const server = await startChild('dev-server', { root, meshy })
  const page = await browser.newPage()
  try {
    await page.goto(`${server.message.url}${name}.html`)
    const handle = await page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
      undefined,
      { timeout: 60_000 },
    )
    const ms = await handle.jsonValue()
    await until?.()
    return ms
  } finally {
    await page.close()
    await server.stop()
  }
}

/** Waits until the stand-ins of all models are meshes, as on a page that was open for a while. */
async function meshesIn(root, count) {
  const deadline = Date.now() + LONGEST_WAIT_MS
  while ((await meshFiles(root)).length < count) {
    if (Date.now() > deadline) throw new Error('The stand-ins were not made in time.')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function meshFiles(root) {
  const folder = path.join(root, '.meshy', 'preview')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => /mesh[\\/]p\d+\.glb$/.test(name)).map((name) => path.join(folder, name))
}

async function copyMeshes(root) {
  await mkdir(path.join(root, 'meshes'))
  for (const file of await meshFiles(root)) {
    await writeFile(path.join(root, 'meshes', path.basename(file)), await readFile(file))
  }
}

async function writePage(root, name, code) {
  const show = code.replace(/console\.log\((.*)\)/s, 'document.body.textContent = [$1].join()')
  await writeFile(path.join(root, `${name}.js`), show)
  const html = `<!doctype html><title>${name}</title><body><script type="module" src="./${name}.js"></script>`
  await writeFile(path.join(root, `${name}.html`), html)
}
