import { MeshyError } from '../../system/errors.ts'
import { writeGlb, type GlbImage, type GlbMaterial } from '../../glb/write.ts'
import { chooseBack, type Back } from './back.ts'
import { loadLibraries, type Libraries, type SharpFactory, type Simplifier } from './libraries.ts'
import { deriveMaps, encodeTexture, paintTexture, project, type TextureLayout } from './texture.ts'
import type { Kind, Shape } from './level-set.ts'
import { placeInScene, compact, type ShadedMesh, addNormals } from './mesh.ts'
import { readView, type View } from './view.ts'
import { clamp, sum } from './plane.ts'
import { bodyHeights } from './relief.ts'
import { repair } from './repair.ts'
import { spreadSheets } from './sheets.ts'
import { slabHeights } from './slab.ts'
import { squaredSurface } from './grid.ts'

/** What to make from an image. */
export interface PreviewOptions {
  /** Number of triangles, 100 to 300,000. Exact from 500 up; an odd number becomes the next lower. */
  triangles: number
  texture: boolean
  pbr: boolean
  /** As many triangles as the mesher makes, whatever `triangles` says. @default false */
  dense?: boolean | undefined
  /** Name of the model inside the file. */
  name: string
}

/** The maps of a model, one by one. */
interface PreviewTextures {
  baseColor?: GlbImage
  normal?: GlbImage
  metallic?: GlbImage
  roughness?: GlbImage
}

/** A model made on this machine. */
export interface PreviewModel {
  glb: Uint8Array
  textures: PreviewTextures
  /** How the object was distinguished from its surroundings: by transparency, by a plain backdrop, or not at all. */
  kind: Kind
  /** What somebody who looks at the model should know, in full sentences. */
  notes: string[]
  triangles: number
}

/** Fraction of the image with the colour of the backdrop but also contours, from which parts may be missing. */
const MANY_LOOKALIKES = 0.0005
const STAND_IN_NOTE =
  'Made on this machine from the outline and colours of one picture. Not the generated model.'
const UNTEXTURED: GlbMaterial = { color: [0.75, 0.75, 0.75, 1], roughness: 0.7 }

/**
 * Makes a closed, textured model from an image: 1.9 units on its longest side, centred, +Y up, front to +Z. Further
 * images are candidates for the back. The same input gives the same bytes.
 *
 * Throws `MESHY_PREVIEW_UNAVAILABLE` without the optional libraries, and `MESHY_IMAGE_INVALID` for input that is not an
 * image or is fully transparent.
 */
export async function makeMesh(images: Uint8Array[], options: PreviewOptions): Promise<PreviewModel> {
  const { sharp, simplifier } = await requireLibraries()
  const [image, ...others] = images
  if (!image) throw new TypeError('Expected at least one image')
  const view = await readView(sharp, image)
  const { back, notes } = await chooseBack(sharp, view.shape, others)
  const mesh = buildMesh(simplifier, view.shape, {
    back,
    triangles: options.dense ? undefined : options.triangles,
  })
  const skin = options.texture ? await makeSkin(sharp, view, { back, pbr: options.pbr }) : undefined
  const glb = writeGlb({
    name: options.name,
    generator: 'unplugin-meshy mesher',
    extras: { standIn: true, note: STAND_IN_NOTE },
    parts: [
      {
        positions: placeInScene(mesh.positions),
        normals: mesh.normals,
        ...(skin && { uvs: project(mesh, skin.layout, view.shape.phi) }),
        indices: mesh.indices,
        material: skin?.material ?? UNTEXTURED,
      },
    ],
  })
  return {
    glb,
    textures: skin?.textures ?? {},
    kind: view.shape.kind,
    notes: [...notesOn(view), ...notes],
    triangles: mesh.indices.length / 3,
  }
}

async function requireLibraries(): Promise<Libraries> {
  const libraries = await loadLibraries()
  if (!('missing' in libraries)) return libraries
  throw new MeshyError('MESHY_PREVIEW_UNAVAILABLE', {
    message: `Stand-in models cannot be made: ${libraries.missing}`,
    hint: 'Install `sharp` and `meshoptimizer`, or continue with cards as stand-ins.',
    details: { missing: libraries.missing },
  })
}

interface Skin {
  material: GlbMaterial
  textures: PreviewTextures
  layout: TextureLayout
}

async function makeSkin(
  sharp: SharpFactory,
  view: View,
  { back, pbr }: { back: Back; pbr: boolean },
): Promise<Skin> {
  const { canvas, layout } = await paintTexture(sharp, view, back)
  const baseColor: GlbImage = { bytes: await encodeTexture(sharp, canvas), mime: 'image/jpeg' }
  if (!pbr) return { layout, textures: { baseColor }, material: { colorMap: baseColor, roughness: 0.7 } }
  const maps = await deriveMaps(sharp, baseColor.bytes)
  const png = (bytes: Uint8Array): GlbImage => ({ bytes, mime: 'image/png' })
  const normal = png(maps.normal)
  return {
    layout,
    textures: { baseColor, normal, metallic: png(maps.metallic), roughness: png(maps.roughness) },
    material: { colorMap: baseColor, normalMap: normal, metallicRoughnessMap: png(maps.metallicRoughness) },
  }
}

function notesOn({ shape, lookalike }: View): string[] {
  if (shape.kind === 'slab') {
    return ['No object could be distinguished from its surroundings, so the whole image became a plate.']
  }
  if (lookalike <= MANY_LOOKALIKES) return []
  return [
    'Parts of the object seem to have the colour of the background and may be missing. A transparent background avoids this.',
  ]
}

/** How many triangles the sheets have if none are to be simplified away. */
const DENSE = 300_000
/** More than the target by this factor, but not by more than this number, and never fewer than this. */
const SURPLUS = { factor: 2.2, most: 160_000, least: 14_000 }
/** Distance of grid points in pixels. */
const STEP = { min: 0.12, max: 2.5 }

/**
 * Inflates the shape and covers it with triangles, in pixels.
 *
 * `triangles` is exact, unless the shape is too small for that many; `undefined` keeps all of them.
 */
function buildMesh(
  simplifier: Simplifier,
  shape: Shape,
  { back, triangles }: { back: Back; triangles: number | undefined },
): ShadedMesh {
  const { phi, inside } = shape
  const heights = shape.kind === 'slab' ? slabHeights(shape) : bodyHeights(shape, back.kind === 'mirror')
  const front = squaredSurface(heights.front, phi, heights.rim)
  const behind = heights.back === heights.front ? front : squaredSurface(heights.back, phi, heights.rim)
  const step = stepFor(sum(inside), triangles)
  const sheets = spreadSheets({ phi, front, back: behind }, { step, seam: back.kind !== 'mirror' })
  const shaded = addNormals(sheets)
  return triangles === undefined ? shaded : repair(compact(simplify(simplifier, shaded, triangles)))
}

/** A square of the grid gives four triangles, two for each sheet. */
function stepFor(area: number, triangles: number | undefined): number {
  const wanted =
    triangles === undefined ? DENSE : Math.min(triangles * SURPLUS.factor, triangles + SURPLUS.most)
  return clamp(Math.sqrt((4 * area) / Math.max(SURPLUS.least, wanted)), STEP.min, STEP.max)
}

/** How much a changed normal weighs compared with a moved vertex. */
const NORMAL_WEIGHT = 0.25

/** Reduces a closed mesh to a number of triangles. Such meshes have even counts: an odd one becomes the next lower. */
function simplify(simplifier: Simplifier, mesh: ShadedMesh, triangles: number): ShadedMesh {
  const target = (triangles - (triangles % 2)) * 3
  if (mesh.indices.length <= target) return mesh
  const [indices] = simplifier.simplifyWithAttributes(
    mesh.indices,
    mesh.positions,
    3,
    mesh.normals,
    3,
    [NORMAL_WEIGHT, NORMAL_WEIGHT, NORMAL_WEIGHT],
    null,
    target,
    1,
  )
  return { ...mesh, indices }
}
