import path from 'node:path'
import { build } from 'esbuild'
import sharp from 'sharp'
import { sharedBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/project.ts'

/** Draws models as a page does. */
export interface Viewer {
  /** The picture of a GLB as PNG, seen from the front and a little from above. */
  draw(glb: Uint8Array): Promise<Buffer>
  close(): Promise<void>
}

const SIDE = 512
const DRACO = path.join(REPOSITORY, 'node_modules/three/examples/jsm/libs/draco/gltf')
const ORIGIN = 'http://models.test'

/** A browser with three.js, and decoders for everything that is derived. */
export async function openViewer(): Promise<Viewer> {
  const script = await bundle(PAGE)
  const browser = await sharedBrowser()
  const page = await browser.newPage({ viewport: { width: SIDE, height: SIDE } })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  let model: Uint8Array = new Uint8Array()
  await page.route(`${ORIGIN}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<body></body>' }),
  )
  await page.route(`${ORIGIN}/model.glb`, (route) => route.fulfill({ body: Buffer.from(model) }))
  await page.route(`${ORIGIN}/draco/*`, (route) =>
    route.fulfill({ path: path.join(DRACO, path.basename(route.request().url())) }),
  )
  await page.goto(`${ORIGIN}/`)
  await page.addScriptTag({ content: script, type: 'module' })
  await page.waitForFunction(() => 'draw' in window)
  return {
    draw: async (glb) => {
      model = glb
      const url = await page.evaluate(() => (window as unknown as { draw(): Promise<string> }).draw())
      if (problems.length > 0) throw new Error(problems.join('\n'))
      return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
    },
    close: () => page.close(),
  }
}

/** How far two pictures are apart: the mean over all pixels that show the model, and the share of pixels that differ much. */
export async function comparePictures(
  a: Buffer,
  b: Buffer,
): Promise<{ mean: number; odd: number; covered: number }> {
  const [one, other] = await Promise.all([a, b].map((png) => sharp(png).ensureAlpha().raw().toBuffer()))
  if (!one || !other || one.length !== other.length) throw new Error('The pictures differ in size')
  let covered = 0
  let sum = 0
  let odd = 0
  for (let at = 0; at < one.length; at += 4) {
    const differences = [0, 1, 2, 3].map((channel) =>
      Math.abs((one[at + channel] ?? 0) - (other[at + channel] ?? 0)),
    )
    if ((one[at + 3] ?? 0) === 0 && (other[at + 3] ?? 0) === 0) continue
    covered += 1
    sum += differences.reduce((total, difference) => total + difference, 0) / 4
    if (Math.max(...differences) > 32) odd += 1
  }
  return { mean: sum / covered, odd: odd / covered, covered: covered / (one.length / 4) }
}

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: REPOSITORY },
    bundle: true,
    write: false,
    format: 'esm',
  })
  return outputFiles[0]?.text ?? ''
}

const PAGE = `
import { Box3, PerspectiveCamera, PMREMGenerator, Scene, Vector3, WebGLRenderer } from 'three'
import { RoomEnvironment } from 'three/examples/jsm/environments/RoomEnvironment.js'
import { DRACOLoader } from 'three/examples/jsm/loaders/DRACOLoader.js'
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js'
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'

const renderer = new WebGLRenderer({ antialias: true, alpha: true, preserveDrawingBuffer: true })
renderer.setSize(${SIDE}, ${SIDE})
renderer.setClearAlpha(0)
document.body.append(renderer.domElement)
const environment = new PMREMGenerator(renderer).fromScene(new RoomEnvironment()).texture
const draco = new DRACOLoader().setDecoderPath('/draco/')
const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).setDRACOLoader(draco)

window.draw = async () => {
  const { scene: model } = await loader.loadAsync('/model.glb')
  const scene = new Scene().add(model)
  scene.environment = environment
  const box = new Box3().setFromObject(model)
  const camera = new PerspectiveCamera(35, 1, 0.1, 100)
  const center = box.getCenter(new Vector3())
  camera.position.copy(center).add(new Vector3(0.9, 0.8, 3.2))
  camera.lookAt(center)
  renderer.render(scene, camera)
  return renderer.domElement.toDataURL('image/png')
}
`
