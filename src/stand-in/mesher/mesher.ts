import { MeshyError } from '../../system/errors.ts'
import { writeGlb, type GlbImage, type GlbMaterial } from '../../glb/write.ts'
import { chooseBack, type Back } from './back.ts'
import { buildMesh } from './build-mesh.ts'
import { loadLibraries, type Libraries, type SharpFactory } from './libraries.ts'
import { deriveMaps } from './maps.ts'
import type { Kind } from './level-set.ts'
import { placeInScene } from './mesh.ts'
import { encodeTexture, paintTexture, project, type TextureLayout } from './texture.ts'
import { readView, type View } from './view.ts'

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
