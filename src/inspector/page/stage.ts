import {
  Box3,
  DirectionalLight,
  Group,
  Mesh,
  NeutralToneMapping,
  PerspectiveCamera,
  PMREMGenerator,
  Scene,
  Sphere,
  Texture,
  WebGLRenderer,
  type Material,
  type Object3D,
} from 'three'
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js'
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js'
import type { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js'
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'

const FIELD_OF_VIEW = 28
/** Radians: a three-quarter view says the most about a shape. */
const START = { right: -0.6, up: 0.2 }
const MAX_UP = 1.4

interface View {
  model: Group
  radius: number
  right: number
  up: number
}

/** Draws every model of the page with one renderer, because browsers allow about sixteen WebGL contexts per page. */
export class Stage {
  readonly #renderer = new WebGLRenderer({ antialias: true, alpha: true })
  readonly #scene = new Scene()
  readonly #camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 1000)
  readonly #loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder)
  readonly #loadDraco: () => Promise<DRACOLoader>
  readonly #views = new Map<HTMLCanvasElement, View>()
  /** The angle of a model that was looked at, for when it comes back. */
  readonly #angles = new WeakMap<HTMLCanvasElement, { right: number; up: number }>()

  /** @param loadDraco loads the decoder for Draco meshes when the first one comes into view */
  constructor(loadDraco: () => Promise<DRACOLoader>) {
    this.#loadDraco = loadDraco
    this.#renderer.setSize(400, 400, false)
    this.#renderer.toneMapping = NeutralToneMapping
    const generator = new PMREMGenerator(this.#renderer)
    this.#scene.environment = generator.fromScene(new RoomEnvironment()).texture
    this.#scene.environmentIntensity = 0.55
    generator.dispose()
    const light = new DirectionalLight('white', 1.5)
    light.position.set(2, 4, 5)
    this.#scene.add(light)
  }

  async show(canvas: HTMLCanvasElement, url: string): Promise<void> {
    const bytes = await (await load(url)).arrayBuffer()
    if (needsDraco(bytes)) this.#loader.setDRACOLoader(await this.#loadDraco())
    const { scene } = await this.#loader.parseAsync(bytes, '')
    this.remove(canvas)
    const model = new Group().add(scene)
    this.#views.set(canvas, { model, radius: centre(scene), ...(this.#angles.get(canvas) ?? START) })
    this.#draw(canvas)
  }

  turn(canvas: HTMLCanvasElement, right: number, up: number): void {
    const view = this.#views.get(canvas)
    if (!view) return
    view.right += right
    view.up = Math.min(MAX_UP, Math.max(-MAX_UP, view.up + up))
    this.#angles.set(canvas, { right: view.right, up: view.up })
    this.#draw(canvas)
  }

  remove(canvas: HTMLCanvasElement): void {
    const view = this.#views.get(canvas)
    if (view) dispose(view.model)
    this.#views.delete(canvas)
  }

  #draw(canvas: HTMLCanvasElement): void {
    const view = this.#views.get(canvas)
    const context = canvas.getContext('2d')
    if (!view || !context) return
    view.model.rotation.y = view.right
    this.#frame(view)
    this.#scene.add(view.model)
    this.#renderer.render(this.#scene, this.#camera)
    this.#scene.remove(view.model)
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.drawImage(this.#renderer.domElement, 0, 0, canvas.width, canvas.height)
  }

  #frame({ radius, up }: View): void {
    // A model rarely fills its bounding sphere: at this distance nothing is cut off, and it is clearly visible.
    const distance = (0.98 * radius) / Math.sin((FIELD_OF_VIEW / 2) * (Math.PI / 180))
    this.#camera.near = distance / 100
    this.#camera.far = distance * 10
    this.#camera.updateProjectionMatrix()
    this.#camera.position.set(0, Math.sin(up) * distance, Math.cos(up) * distance)
    this.#camera.lookAt(0, 0, 0)
  }
}

async function load(url: string): Promise<Response> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`the server answered with ${answer.status}`)
  return answer
}

/** Whether a GLB names the extension in its JSON, which is its first chunk. */
function needsDraco(glb: ArrayBuffer): boolean {
  const length = new DataView(glb).getUint32(12, true)
  return new TextDecoder().decode(new Uint8Array(glb, 20, length)).includes('"KHR_draco_mesh_compression"')
}

/** Moves a model to the origin and returns the radius that it needs there. */
function centre(model: Object3D): number {
  const sphere = new Box3().setFromObject(model).getBoundingSphere(new Sphere())
  model.position.sub(sphere.center)
  return sphere.radius || 1
}

function dispose(model: Object3D): void {
  model.traverse((object) => {
    if (!(object instanceof Mesh)) return
    object.geometry.dispose()
    for (const material of [object.material].flat() as Material[]) disposeMaterial(material)
  })
}

function disposeMaterial(material: Material): void {
  for (const value of Object.values(material)) if (value instanceof Texture) value.dispose()
  material.dispose()
}
