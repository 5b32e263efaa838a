import {
  Box3,
  DirectionalLight,
  Group,
  NeutralToneMapping,
  PerspectiveCamera,
  PMREMGenerator,
  Scene,
  Sphere,
  WebGLRenderer,
} from 'three'
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js'
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'

const PIXELS = 400
const FIELD_OF_VIEW = 28
/** Radians: a three-quarter view says the most about a shape. */
const START_ANGLE = -0.6
const RADIANS_PER_MS = 0.0006

/**
 * Draws every model with one renderer, because browsers allow about sixteen WebGL contexts per page: each view has a
 * plain canvas that the picture is copied to, and only those on the screen are drawn.
 */
export function createStage() {
  const renderer = new WebGLRenderer({ antialias: true, alpha: true })
  renderer.setSize(PIXELS, PIXELS, false)
  renderer.toneMapping = NeutralToneMapping
  const scene = createScene(renderer)
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 100)
  const loader = new GLTFLoader()
  const views = new Map()
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) views.get(target).visible = isIntersecting
  })
  let angle = START_ANGLE

  function draw(view) {
    frame(camera, view.radius)
    view.turntable.rotation.y = angle
    scene.add(view.turntable)
    renderer.render(scene, camera)
    scene.remove(view.turntable)
    view.context.clearRect(0, 0, PIXELS, PIXELS)
    view.context.drawImage(renderer.domElement, 0, 0)
  }

  return {
    /** Gives a canvas a place on the stage. */
    add(canvas) {
      canvas.width = canvas.height = PIXELS
      const view = { context: canvas.getContext('2d'), turntable: new Group(), radius: 1, visible: false }
      views.set(canvas, view)
      observer.observe(canvas)
      return {
        async load(url) {
          const { scene: model } = await loader.loadAsync(url)
          view.radius = centre(model)
          view.turntable.clear()
          view.turntable.add(model)
          draw(view)
        },
      }
    },
    /** Starts or stops the rotation of all models. */
    turn(on) {
      let before
      const step = (now) => {
        angle += (now - (before ?? now)) * RADIANS_PER_MS
        before = now
        for (const view of views.values()) if (view.visible) draw(view)
      }
      renderer.setAnimationLoop(on ? step : null)
    },
  }
}

function createScene(renderer) {
  const scene = new Scene()
  const generator = new PMREMGenerator(renderer)
  scene.environment = generator.fromScene(new RoomEnvironment()).texture
  scene.environmentIntensity = 0.55
  generator.dispose()
  const light = new DirectionalLight('white', 1.5)
  light.position.set(2, 4, 5)
  scene.add(light)
  return scene
}

/** Moves a model to the origin and returns the radius that it needs there. */
function centre(model) {
  const sphere = new Box3().setFromObject(model).getBoundingSphere(new Sphere())
  model.position.sub(sphere.center)
  return sphere.radius
}

function frame(camera, radius) {
  // A model rarely fills its bounding sphere: at this distance nothing is cut off, and it is clearly visible.
  const distance = (0.95 * radius) / Math.sin((FIELD_OF_VIEW / 2) * (Math.PI / 180))
  camera.position.set(0, distance * 0.2, distance * 0.98)
  camera.lookAt(0, 0, 0)
}
