// Builds the examples of playground/frameworks on the emulator, from the packed package, and opens their pages in a browser.
// Downloads the frameworks, so that it is no part of the tests. Names of examples may follow: `astro nuxt`.
import { execFile, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createJiti } from 'jiti'
import sharp from 'sharp'
import { startEmulator } from '../dist/emulator.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const EXAMPLES = path.join(ROOT, 'playground', 'frameworks')
/** Example → the folder of its static site, and the scripts that make it. */
const FRAMEWORKS = {
  astro: { site: 'dist', scripts: ['build'] },
  sveltekit: { site: 'build', scripts: ['build'] },
  nuxt: { site: '.output/public', scripts: ['build'] },
  'react-router': { site: 'build/client', scripts: ['build'] },
  next: { site: 'out', scripts: ['generate', 'build'] },
  snippets: { site: 'dist', scripts: ['build'], open: openSnippets },
}
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
}

/** Colours that a page of one background and no model never has. */
const MANY_COLOURS = 200
const run = promisify(execFile)
// Plain Node 20 cannot import the TypeScript sources.
const { launchBrowser } = await createJiti(import.meta.url).import('../test/support/browser.ts')

const wanted = process.argv.slice(2)
const names = Object.keys(FRAMEWORKS).filter((name) => wanted.length === 0 || wanted.includes(name))
const folder = await mkdtemp(path.join(tmpdir(), 'meshy-frameworks-'))
const tarball = await packRepository()
const browser = await launchBrowser()
for (const name of names) {
  try {
    console.log(`${name}: ${await tryExample(name)}`)
  } catch (error) {
    process.exitCode = 1
    console.error(`${name}: FAILED\n${error instanceof Error ? error.stack : error}`)
  }
}
await browser.close()
await rm(folder, { recursive: true, force: true })

async function packRepository() {
  const { stdout } = await run('npm', [
    'pack',
    ROOT,
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ])
  return path.join(folder, JSON.parse(stdout)[0].filename)
}

/** Installs, builds and opens an example; returns what its page says. */
async function tryExample(name) {
  const { site, scripts, open = openPage } = FRAMEWORKS[name]
  const cwd = path.join(folder, name)
  await cp(path.join(EXAMPLES, name), cwd, { recursive: true })
  await cp(path.join(ROOT, 'playground', 'images', 'robot.png'), path.join(cwd, 'hero.png'))
  const manifest = JSON.parse(await readFile(path.join(cwd, 'package.json'), 'utf8'))
  manifest.dependencies['unplugin-meshy'] = `file:${tarball}`
  await writeFile(path.join(cwd, 'package.json'), JSON.stringify(manifest))
  if (name === 'snippets') await writeSnippets(cwd)
  await npm(cwd, ['install', '--no-audit', '--no-fund'])
  const emulator = await startEmulator({ taskMs: 100, pendingMs: 10 })
  const env = { MESHY_BASE_URL: emulator.url, MESHY_API_KEY: emulator.apiKey }
  for (const script of scripts) await npm(cwd, ['run', script], env)
  await emulator.close()
  if (emulator.counts.posts !== 1) throw new Error(`${emulator.counts.posts} models were paid for`)
  return open(path.join(cwd, site))
}

/** Makes a page of each snippet of docs/snippets.md: a fence says in which file its text would stand. */
async function writeSnippets(cwd) {
  const text = await readFile(path.join(ROOT, 'docs', 'snippets.md'), 'utf8')
  for (const [, file, code] of text.matchAll(/^```jsx? (.+)\n([\s\S]*?)^```$/gm)) {
    const page = `<!doctype html><style>body { margin: 0 } #root:not(:empty) { height: 100vh }</style><div id="root"></div><script type="module" src="/${file}"></script>`
    await writeFile(path.join(cwd, file), code)
    await writeFile(path.join(cwd, `${path.parse(file).name}.html`), page)
  }
}

/** Opens the page of each snippet, and waits until there is something to see. */
async function openSnippets(site) {
  const pages = (await readdir(site)).filter((file) => file.endsWith('.html'))
  if (pages.length !== 4) throw new Error(`Expected 4 snippets, got ${pages.join(', ')}`)
  for (const file of pages) await withPage(site, file, (page) => waitForColours(page, file))
  return pages.join(', ')
}

async function waitForColours(page, file) {
  for (let attempt = 0; attempt < 30; attempt++) {
    const { data } = await sharp(await page.screenshot())
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    const colours = new Set()
    for (let at = 0; at < data.length; at += 3) colours.add(data.readUIntBE(at, 3))
    if (colours.size > MANY_COLOURS) return
    await page.waitForTimeout(1000)
  }
  throw new Error(`${file} shows nothing`)
}

/** Runs npm, and throws all that was printed when it fails. */
function npm(cwd, args, variables = {}) {
  const { CI: _, ...inherited } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd, env: { ...inherited, ...variables } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`npm ${args.join(' ')}: exit code ${code}\n${output}`)),
    )
  })
}

/** Waits until the page has loaded its model; returns what it says. */
async function openPage(site) {
  return withPage(site, '', async (page) => {
    await page.waitForFunction(() => document.querySelector('model-viewer')?.loaded === true, null, {
      timeout: 60_000,
    })
    const { url, isSame } = await page.evaluate(() => {
      const { src, dataset } = document.querySelector('model-viewer')
      return { url: src, isSame: dataset.same !== 'false' }
    })
    if (!/hero[-.][\w-]{8,}\.glb$/.test(url)) throw new Error(`The URL of the model is ${url}`)
    if (!isSame) throw new Error('Server and browser have different URLs.')
    const text = await page.locator('p').first().textContent()
    if (!/^\d+ triangles, ready$/.test(text)) throw new Error(`The page says: ${text}`)
    return `${text}, ${url}`
  })
}

/** Serves a site, and opens a file of it for a moment. Errors of the page are errors here. */
async function withPage(site, file, use) {
  const server = createServer((request, answer) => void serveFile(site, request, answer))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const page = await browser.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/${file}`)
    const result = await use(page)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return result
  } catch (error) {
    throw new Error([error.message, ...problems].join('\n'), { cause: error })
  } finally {
    await page.close()
    server.close()
  }
}

async function serveFile(site, request, answer) {
  const name = decodeURIComponent(new URL(request.url, 'http://site').pathname)
  const file = path.join(site, name.endsWith('/') ? `${name}index.html` : name)
  const isFile = (await stat(file).catch(() => undefined))?.isFile() === true
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream'
  answer.writeHead(isFile ? 200 : 404, { 'content-type': type }).end(isFile ? await readFile(file) : '')
}
