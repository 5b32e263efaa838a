// Makes the pictures of the documentation from the real program: `npm run build && node scripts/screenshots.mjs`. Needs
// sharp.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import sharp from 'sharp'
import { startEmulator } from 'unplugin-meshy/emulator'
import { build, createServer, preview } from 'vite'
import { runCommands, terminalPage } from './screenshots/terminal.mjs'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const TARGET = path.join(REPOSITORY, 'docs', 'pictures')
// Inside the repository, where `unplugin-meshy` and three.js can be found.
const WORK = path.join(REPOSITORY, 'test', '.tmp', 'screenshots')
const MAX_BYTES = 150_000
const SCHEMES = ['light', 'dark']
const HOST = '127.0.0.1'
/** From the playground, each of a different kind. */
const SHOWN = ['house', 'dragon', 'teapot', 'car']
/** As many as fit into one row of the gallery. */
const ROW = SHOWN.slice(0, 3)

const { launchBrowser } = await createJiti(import.meta.url).import('../test/support/browser.ts')

await rm(WORK, { recursive: true, force: true })
await mkdir(TARGET, { recursive: true })
const emulator = await startEmulator({ taskMs: 12_000 })
process.env.MESHY_BASE_URL = emulator.url
process.env.MESHY_API_KEY = emulator.apiKey
process.env.MESHY_MACHINE_STORE = 'false'
const browser = await launchBrowser()
try {
  await takeGallery(await copyPlayground('gallery', ROW))
  await takeSwap(await copyPlayground('swap', ['dragon']))
  await takeInspector(await copyPlayground('inspector', SHOWN))
  await takeTerminals(await copyPlayground('terminal', ROW))
} finally {
  await browser.close()
  await emulator.close()
}

/** The playground with a few of its models, as a separate project. */
async function copyPlayground(name, models) {
  const root = path.join(WORK, name)
  const skipped = new Set(['.meshy', 'dist', 'frameworks', 'meshy-lock.json'])
  await cp(path.join(REPOSITORY, 'playground'), root, {
    recursive: true,
    filter: (source) => !skipped.has(path.basename(source)),
  })
  // The project is here, not the repository around it.
  await writeFile(path.join(root, 'meshy.config.json'), '{}\n')
  await pickModels(root, models)
  return root
}

async function takeGallery(root) {
  process.env.MESHY_MODE = 'generate'
  await build({ root, logLevel: 'warn' })
  const server = await preview({ root, preview: { port: 0, host: HOST } })
  try {
    await takeEach('gallery', { width: 1160, height: 100 }, async (page) => {
      await page.goto(server.resolvedUrls.local[0])
      await allDrawn(page, ROW.length)
    })
  } finally {
    await server.close()
  }
}

/** The same card of one page, twice, without any interaction: with the stand-in, and with the model. */
async function takeSwap(root) {
  process.env.MESHY_MODE = 'generate'
  for (const scheme of SCHEMES) {
    await rm(path.join(root, '.meshy'), { recursive: true, force: true })
    await rm(path.join(root, 'meshy-lock.json'), { force: true })
    const server = await serve(root)
    const page = await open(scheme, { width: 520, height: 900 })
    await page.goto(server.resolvedUrls.local[0])
    await page.locator('.badge', { hasText: 'pending' }).waitFor()
    await allDrawn(page, 1)
    const before = await page.locator('.card').screenshot()
    await page.locator('.badge', { hasText: 'ready' }).waitFor({ timeout: 120_000 })
    await allDrawn(page, 1)
    const after = await page.locator('.card').screenshot()
    await page.close()
    await server.close()
    await write(`swap-${scheme}`, await sideBySide(before, after))
  }
}

/** The page at `/__meshy/`: one model ready, one pending, two that wait for approval. */
async function takeInspector(root) {
  process.env.MESHY_MODE = 'generate'
  await pickModels(root, SHOWN.slice(0, 2))
  await build({ root, logLevel: 'warn' })
  await pickModels(root, SHOWN)
  process.env.MESHY_MODE = 'ask'
  const server = await serve(root)
  try {
    const [url] = server.resolvedUrls.local
    const visitor = await open('light', { width: 800, height: 600 })
    await visitor.goto(url)
    await allDrawn(visitor, SHOWN.length)
    await takeEach('inspector', { width: 1160, height: 775 }, async (page) => {
      await page.goto(new URL('/__meshy/', url).href)
      await page.waitForFunction(() => document.querySelectorAll('.view[data-shown]').length > 1)
    })
    await visitor.close()
  } finally {
    await server.close()
  }
}

/** The output of two commands: the price before anybody pays, and a CI service that is told to spend nothing. */
async function takeTerminals(root) {
  const cli = path.join(REPOSITORY, 'dist', 'cli.mjs')
  const vite = path.join(REPOSITORY, 'node_modules', 'vite', 'bin', 'vite.js')
  const commands = {
    plan: [{ shown: 'npx unplugin-meshy plan', program: [cli, 'plan'] }],
    frozen: [{ shown: 'CI=true npx vite build', program: [vite, 'build'], env: { CI: 'true' } }],
  }
  delete process.env.MESHY_MODE
  for (const [name, list] of Object.entries(commands)) {
    const printed = await runCommands(list, root)
    for (const scheme of SCHEMES) {
      const page = await open(scheme, { width: 980, height: 400 })
      await page.setContent(terminalPage(printed, scheme))
      await write(`${name}-${scheme}`, await page.locator('main').screenshot({ omitBackground: true }))
      await page.close()
    }
  }
}

async function takeEach(name, viewport, prepare) {
  for (const scheme of SCHEMES) {
    const page = await open(scheme, viewport)
    await prepare(page)
    await write(`${name}-${scheme}`, await page.screenshot({ fullPage: viewport.height < 200 }))
    await page.close()
  }
}

function open(colorScheme, viewport) {
  return browser.newPage({ colorScheme, viewport, reducedMotion: 'reduce', deviceScaleFactor: 1 })
}

async function serve(root) {
  const server = await createServer({ root, logLevel: 'warn', server: { port: 0, host: HOST } })
  return server.listen()
}

function allDrawn(page, count) {
  return page.waitForFunction(
    (expected) =>
      globalThis.playgroundModels?.length === expected &&
      globalThis.playgroundModels.every((one) => one.loaded),
    count,
    { timeout: 120_000 },
  )
}

async function pickModels(root, models) {
  const file = path.join(REPOSITORY, 'playground', 'imports.js')
  const lines = (await readFile(file, 'utf8')).split('\n')
  const imports = models.map((name) => lines.find((line) => line.startsWith(`import ${name} `)))
  await writeFile(
    path.join(root, 'imports.js'),
    `${imports.join('\n')}\n\nexport const assets = { ${models.join(', ')} }\n`,
  )
}

async function sideBySide(left, right) {
  const { width, height } = await sharp(left).metadata()
  const gap = 24
  return sharp({ create: { width: 2 * width + gap, height, channels: 4, background: '#0000' } })
    .composite([
      { input: left, left: 0, top: 0 },
      { input: right, left: width + gap, top: 0 },
    ])
    .png()
    .toBuffer()
}

async function write(name, png) {
  const bytes = await sharp(png).webp({ quality: 84, effort: 6 }).toBuffer()
  if (bytes.length > MAX_BYTES) throw new Error(`${name} has ${bytes.length} bytes: make it smaller.`)
  await writeFile(path.join(TARGET, `${name}.webp`), bytes)
  console.log(`${name.padEnd(16)} ${(bytes.length / 1000).toFixed(1).padStart(6)} kB`)
}
