import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { npm } from './commands.mjs'
import { withPage } from './pages.mjs'
import { withSite } from './servers.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** More colours than a page with one background and no model ever has. */
const MANY_COLOURS = 200

/** Builds a page of each snippet of docs/snippets.md, and waits until there is something to see. */
export async function trySnippets({ cwd, env, tarball, browser }) {
  await cp(path.join(ROOT, 'playground', 'frameworks', 'snippets'), cwd, { recursive: true })
  await cp(path.join(ROOT, 'playground', 'images', 'robot.png'), path.join(cwd, 'hero.png'))
  const manifest = JSON.parse(await readFile(path.join(cwd, 'package.json'), 'utf8'))
  manifest.dependencies['unplugin-meshy'] = `file:${tarball}`
  await writeFile(path.join(cwd, 'package.json'), JSON.stringify(manifest))
  await writeSnippets(cwd)
  await npm(cwd, ['install', '--no-audit', '--no-fund'])
  await npm(cwd, ['run', 'build'], { env })
  return openSnippets(path.join(cwd, 'dist'), browser)
}

/** A fence names the file that its text would be in. */
async function writeSnippets(cwd) {
  const text = await readFile(path.join(ROOT, 'docs', 'snippets.md'), 'utf8')
  for (const [, file, code] of text.matchAll(/^```jsx? (.+)\n([\s\S]*?)^```$/gm)) {
    const page = `<!doctype html><style>body { margin: 0 } #root:not(:empty) { height: 100vh }</style><div id="root"></div><script type="module" src="/${file}"></script>`
    await writeFile(path.join(cwd, file), code)
    await writeFile(path.join(cwd, `${path.parse(file).name}.html`), page)
  }
}

async function openSnippets(site, browser) {
  const pages = (await readdir(site)).filter((file) => file.endsWith('.html'))
  if (pages.length !== 4) throw new Error(`Expected 4 snippets, got ${pages.join(', ')}`)
  await withSite(site, async (url) => {
    for (const file of pages) await withPage(browser, `${url}/${file}`, (page) => waitForColours(page, file))
  })
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
