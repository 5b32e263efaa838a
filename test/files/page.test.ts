import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { preview } from 'vite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { build, emulate, makeProject, paying } from '../bundlers/harness.ts'
import { sharedBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/project.ts'
import { startFullService } from './full-service.ts'

const PAGE = `<!doctype html><meta charset="utf-8"><body style="margin:0"><script type="module" src="./page.js"></script>`
const SCRIPT = `
import usdz from './hero.png?meshy&formats=usdz'
import { AmbientLight, Box3, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from 'three'
import { loadHero } from './obj.js'

document.body.innerHTML = \`<a rel="ar" href="\${usdz.files.usdz}">In your room</a>\`
const renderer = new WebGLRenderer({ preserveDrawingBuffer: true })
renderer.setSize(512, 512)
document.body.append(renderer.domElement)
const model = await loadHero()
const maps = []
model.traverse(({ material }) => material?.map && maps.push(material.map))
await Promise.all(maps.map(async ({ image, source }) => {
  while (!(image ?? source.data)?.width) { await new Promise(requestAnimationFrame); image = source.data }
}))
const scene = new Scene().add(model, new AmbientLight(0xffffff, 3))
const box = new Box3().setFromObject(model)
const camera = new PerspectiveCamera(35, 1, 0.1, 100)
camera.position.copy(box.getCenter(new Vector3())).add(new Vector3(0, 0, 3.5))
renderer.render(scene, camera)
window.sizes = maps.map(({ source }) => [source.data.width, source.data.height])
`

/** The code that the documentation shows. */
async function documented(name: string): Promise<string> {
  const text = await readFile(path.join(REPOSITORY, 'docs', 'derivation.md'), 'utf8')
  const code = new RegExp(`^\`\`\`js ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1]
  if (!code) throw new Error(`docs/derivation.md does not show ${name}`)
  return code
}

describe('a page', () => {
  it(
    'draws an OBJ with its texture as the documentation shows, and links a USDZ',
    { timeout: 120_000 },
    async () => {
      const service = await startFullService(await emulate({ models: 'mesh' }))
      const project = await makeProject({
        files: { 'index.html': PAGE, 'page.js': SCRIPT, 'obj.js': await documented('obj.js') },
      })
      const three = path.join(REPOSITORY, 'node_modules', 'three')
      await build('Vite 8', project, {
        meshy: { ...paying(service.emulator), baseUrl: service.url },
        entry: 'index.html',
        vite: {
          resolve: { alias: { 'three/addons': path.join(three, 'examples/jsm'), three } },
          build: { target: 'esnext' },
        },
      })
      const server = await preview({
        root: project.root,
        configFile: false,
        logLevel: 'silent',
        preview: { port: 0, host: '127.0.0.1' },
      })
      onTestFinished(() => server.close())
      const browser = await sharedBrowser()
      const page = await browser.newPage({ viewport: { width: 512, height: 540 } })
      onTestFinished(() => page.close())
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      page.on(
        'response',
        (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`),
      )

      await page.goto(server.resolvedUrls?.local[0] ?? '')
      await page.waitForFunction(() => 'sizes' in window)
      await mkdir(path.join(REPOSITORY, 'test', '.tmp'), { recursive: true })
      await writeFile(path.join(REPOSITORY, 'test', '.tmp', 'obj.png'), await page.screenshot())

      const sizes = await page.evaluate(() => (window as unknown as { sizes: number[][] }).sizes)
      expect(sizes).toEqual([[expect.any(Number), expect.any(Number)]])
      const bytes = await page.evaluate(async () => {
        const link = document.querySelector<HTMLAnchorElement>('a[rel=ar]')
        return (await (await fetch(link?.href ?? '')).arrayBuffer()).byteLength
      })
      expect(bytes).toBe(service.files['usdz']?.length)
      expect(problems.filter((problem) => !problem.includes('favicon'))).toEqual([])
    },
  )
})
