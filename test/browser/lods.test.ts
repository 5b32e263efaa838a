import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { preview } from 'vite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { build, emulate, makeProject, paying } from '../bundlers/harness.ts'
import { sharedBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/project.ts'

const PAGE = `<!doctype html><meta charset="utf-8"><body style="margin:0"><script type="module" src="./page.js"></script>`
const SCRIPT = `
import { AmbientLight, DirectionalLight, LOD, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'
import { lods, metadata } from './hero.png?meshy&poly=2000&height=1.8&origin=bottom&lods=3'

const loader = new GLTFLoader()
const lod = new LOD()
const models = await Promise.all(lods.map(({ url }) => loader.loadAsync(url)))
models.forEach(({ scene: model }, level) => {
  lod.addLevel(model, level === 0 ? 0 : metadata.bounds.size[1] * 5 * 2 ** (level - 1))
})
const sun = new DirectionalLight(0xffffff, 2)
sun.position.set(1, 2, 3)
const scene = new Scene().add(lod, new AmbientLight(0xffffff, 2), sun)
const renderer = new WebGLRenderer({ preserveDrawingBuffer: true })
renderer.setSize(300, 300)
renderer.setClearColor(0x8899aa)
document.body.append(renderer.domElement)
const camera = new PerspectiveCamera(35, 1, 0.1, 200)
window.drawAt = (distance) => {
  camera.position.set(0, 0.9, distance)
  // The same size in the picture, whatever the distance.
  camera.fov = (2 * Math.atan((Math.tan(0.3) * 4) / distance) * 180) / Math.PI
  camera.updateProjectionMatrix()
  renderer.render(scene, camera)
  return renderer.info.render.triangles
}
window.lods = lods
window.height = metadata.bounds.size[1]
`

interface Window {
  lods: { url: string; triangles: number; bytes: number }[]
  height: number
  drawAt(distance: number): number
}

describe('a page with levels of detail', () => {
  it('draws the level for the distance, each with its triangles', { timeout: 180_000 }, async () => {
    const emulator = await emulate({ models: 'mesh' })
    const project = await makeProject({ files: { 'index.html': PAGE, 'page.js': SCRIPT } })
    const three = path.join(REPOSITORY, 'node_modules', 'three')
    await build('Vite 8', project, {
      meshy: paying(emulator),
      entry: 'index.html',
      vite: {
        resolve: { alias: { 'three/addons': path.join(three, 'examples/jsm'), three } },
        build: { target: 'esnext' },
      },
    })
    const page = await openPage(project.root)

    const { lods, height } = await page.evaluate(() => {
      const { lods: levels, height: metres } = window as unknown as Window
      return { lods: levels, height: metres }
    })
    const drawn: number[] = []
    for (const distance of [4, 12, 40]) {
      drawn.push(await page.evaluate((at) => (window as unknown as Window).drawAt(at), distance))
      await keepPicture(`lod-${distance}.png`, await page.screenshot())
    }

    expect(height).toBeCloseTo(1.8, 5)
    expect(drawn).toEqual(lods.map(({ triangles }) => triangles))
    const [first = 0, second = 0, third = 0] = drawn
    expect([second / first, third / first].map((part) => part.toFixed(2))).toEqual(['0.25', '0.06'])
    expect(new Set(lods.map(({ url }) => url)).size).toBe(3)
  })
})

async function openPage(root: string) {
  const server = await preview({
    root,
    configFile: false,
    logLevel: 'silent',
    preview: { port: 0, host: '127.0.0.1' },
  })
  onTestFinished(() => server.close())
  const browser = await sharedBrowser()
  const page = await browser.newPage({ viewport: { width: 300, height: 300 } })
  onTestFinished(() => page.close())
  await page.goto(server.resolvedUrls?.local[0] ?? '')
  await page.waitForFunction(() => 'drawAt' in window)
  return page
}

/** For people who want to look. */
async function keepPicture(name: string, picture: Buffer): Promise<void> {
  const folder = path.join(REPOSITORY, 'test', '.tmp')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, name), picture)
}
