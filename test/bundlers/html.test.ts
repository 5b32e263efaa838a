import { preview } from 'vite'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { linkModels } from '../../src/bundlers/vite-pages.ts'
import { sharedBrowser } from '../support/browser.ts'
import { startDev } from './dev-server.ts'
import { build, emulate, makeProject, paying, servedModels, textsOf, VITES } from './harness.ts'

const viewer = (attributes: string) => linkModels(`<p><model-viewer ${attributes}></model-viewer></p>`)

describe('linkModels', () => {
  it('takes the model out of the attribute, and imports it', () => {
    const { html, tags } = viewer('alt="a > b" src="./hero.png?meshy&amp;pbr" camera-controls')

    expect(html).toBe('<p><model-viewer alt="a > b" data-meshy="0" camera-controls></model-viewer></p>')
    expect(tags[0]).toMatchObject({ tag: 'script', attrs: { type: 'module' }, injectTo: 'body' })
    expect(tags[0]?.children).toContain('import m0 from "./hero.png?meshy&pbr"\n')
  })

  it.each([
    [`src='hero.png?meshy'`, '"./hero.png?meshy"'],
    ['src=/hero.png?meshy', '"/hero.png?meshy"'],
    ['src="../hero.png?pbr&meshy"', '"../hero.png?pbr&meshy"'],
    ['SRC = "./hero.png?meshy&prompt=</script>"', String.raw`"./hero.png?meshy&prompt=\u003c/script>"`],
  ])('reads %s', (attribute, literal) => {
    expect(viewer(attribute).tags[0]?.children).toContain(`import m0 from ${literal}\n`)
  })

  it('takes the file for iOS out of `ios-src`, from the same import', () => {
    const source = './hero.png?meshy&amp;formats=usdz'

    const { html, tags } = viewer(`src="${source}" ios-src="${source}"`)

    expect(html).toBe('<p><model-viewer data-meshy="0" data-meshy-ios="0"></model-viewer></p>')
    expect(tags[0]?.children.match(/import/g)).toHaveLength(1)
    expect(tags[0]?.children).toContain('element.iosSrc = files.usdz')
  })

  it('imports each model once', () => {
    const { html, tags } = linkModels(
      ['a', 'b', 'a'].map((name) => `<model-viewer src="${name}.png?meshy"></model-viewer>`).join(''),
    )

    expect(html.match(/data-meshy="\d"/g)).toEqual(['data-meshy="0"', 'data-meshy="1"', 'data-meshy="0"'])
    expect(tags[0]?.children.match(/import/g)).toHaveLength(2)
  })

  it.each([
    ['<model-viewer src="./hero.glb"></model-viewer>'],
    ['<model-viewer poster="./hero.png?meshy"></model-viewer>'],
    ['<model-viewer data-src="./hero.png?meshy"></model-viewer>'],
    ['<!-- <model-viewer src="./hero.png?meshy"></model-viewer> -->'],
    ['<script>const text = `<model-viewer src="./hero.png?meshy">`</script>'],
  ])('leaves %s', (html) => {
    expect(linkModels(html)).toEqual({ html, tags: [], misplaced: [] })
  })

  // From each place on, the rest of the page would be looked at: half a minute.
  it.each(['<a ', '<!--', '<script>', '<a "', `<a b='`, '<a b="', '</script '])(
    'reads a page of a hundred thousand %j',
    (part) => {
      const html = part.repeat(100_000)

      expect(linkModels(html)).toMatchObject({ html, tags: [] })
    },
  )

  it('reads what comes after a quote too many', () => {
    const { html } = linkModels(`<p class="a"">text</p><model-viewer src="a.png?meshy"></model-viewer>`)

    expect(html).toContain('data-meshy="0"')
  })

  it('tells elements that get the picture', () => {
    expect(linkModels('<img src="./hero.png?meshy">').misplaced).toEqual([
      { tag: 'img', source: './hero.png?meshy' },
    ])
  })
})

describe('<model-viewer> in a page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await sharedBrowser()
  })

  const PAGE = `<!doctype html><title>page</title><model-viewer src="./hero.png?meshy&amp;poly=900"></model-viewer>`

  it.each(VITES)('shows the model in a build by %s', async (vite) => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'index.html': PAGE } })
    await build(vite, project, { meshy: paying(emulator), entry: 'index.html', vite: { base: './' } })
    const server = await preview({
      root: project.root,
      configFile: false,
      logLevel: 'silent',
      preview: { host: '127.0.0.1', port: 0 },
    })
    onTestFinished(() => server.close())

    expect([await shownModel(browser, server.resolvedUrls?.local[0] ?? '')]).toEqual(
      await servedModels(emulator),
    )
  })

  it.each(VITES)('shows the stand-in in dev by %s, and then the model', async (vite) => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'index.html': PAGE } })
    const dev = await startDev(vite, project, { meshy: paying(emulator), config: { appType: 'spa' } })

    const standIn = await shownModel(browser, dev.url)
    await dev.told(/hero\.png is ready/)

    expect(standIn.toString('latin1', 0, 4)).toBe('glTF')
    expect([await shownModel(browser, dev.url)]).toEqual(await servedModels(emulator))
  })
})

describe('a warning', () => {
  it.each(VITES)('is told by %s where the picture would be used without a word', async (vite) => {
    const project = await makeProject({
      files: {
        'index.html': `<img src="./hero.png?meshy"><script type="module" src="./main.js"></script>`,
        'main.js': `import './main.css'\n\nconsole.log(new URL('./hero.png?meshy&pbr', import.meta.url).href)\n`,
        'main.css': `body {\n  background: url(./hero.png?meshy);\n}\n`,
        'good.js': `import hero from './hero.png?meshy'\nconsole.log(new URL(hero.url, import.meta.url))\n`,
      },
    })

    const { log, files } = await build(vite, project, { meshy: { mode: 'preview' }, entry: 'index.html' })

    const warnings = log.split('\n').filter((line) => line.includes('gets the image'))
    expect(warnings.toSorted()).toEqual([
      expect.stringMatching(
        /^meshy: index\.html: `<img src="\.\/hero\.png\?meshy">` gets the image, not the model/,
      ),
      expect.stringMatching(/^meshy: main\.css:2: `url\(\.\/hero\.png\?meshy/),
      expect.stringMatching(/^meshy: main\.js:3: `new URL\('\.\/hero\.png\?meshy&pbr'/),
    ])
    expect(textsOf(files, /\.glb$/)).toBe('')
  })
})

/** The bytes that the element of a page is told to show. */
async function shownModel(browser: Browser, url: string): Promise<Buffer> {
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  await page.goto(url)
  const source = await page.waitForFunction(
    () => (document.querySelector('model-viewer') as unknown as { src?: string }).src,
  )
  const model = await fetch(new URL(String(await source.jsonValue()), page.url()))
  return Buffer.from(await model.arrayBuffer())
}
