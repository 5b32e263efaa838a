import { writeGlb, type GlbImage, type GlbMaterial, type GlbPart } from '../glb/write.ts'
import { isOnItsSide, readImageFormat } from '../request/image-format.ts'
import { hasTransparency } from '../request/png.ts'
import { MeshyError } from '../system/errors.ts'

/** An image to make a card from. */
interface CardPicture {
  /** Without it, the card is a plain plate with the same proportions. */
  image?: Uint8Array | undefined
  /** Name of the model inside the file. */
  name: string
  /** `false` also omits the image. @default true */
  textured?: boolean | undefined
  /** In pixels, if there is no image to measure. @default a square */
  width?: number | undefined
  height?: number | undefined
}

/** The scale that Meshy uses for its models. */
const LONGEST_SIDE = 1.9
const THICKNESS = 0.06
const PLATE_COLOR: [number, number, number, number] = [0.82, 0.82, 0.85, 1]
/** Far enough above the plate that no depth buffer confuses the two. */
const PICTURE_GAP = 0.002

/**
 * The smallest stand-in: the actual image on both sides of a plate with its proportions, in a closed box around the
 * origin, front to +Z. The image is embedded as it is, so nothing is decoded.
 *
 * Throws `MESHY_IMAGE_INVALID` if the bytes are not an intact PNG or JPEG.
 */
export function makeCard({ image, name, textured = true, width = 1, height = 1 }: CardPicture): Uint8Array {
  const shown = image && readShown(image)
  const size = shown ?? { width, height }
  const scale = LONGEST_SIDE / Math.max(size.width, size.height)
  const half = { x: (size.width * scale) / 2, y: (size.height * scale) / 2, z: THICKNESS / 2 }
  const parts =
    shown && textured ? picturedParts(half, shown.picture, shown.alpha) : [box(half, { color: PLATE_COLOR })]
  return writeGlb({ name, generator: 'unplugin-meshy card', extras: { standIn: true }, parts })
}

/** An image as viewers show it: they rotate it as its EXIF data says. */
function readShown(image: Uint8Array) {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const format = readImageFormat(bytes)
  if ('problem' in format) {
    throw new MeshyError('MESHY_IMAGE_INVALID', {
      message: `The image ${format.problem}.`,
      hint: format.hint,
    })
  }
  const { mime, width, height } = format
  return {
    picture: { bytes: image, mime },
    alpha: mime === 'image/png' && hasTransparency(bytes),
    ...(isOnItsSide(bytes) ? { width: height, height: width } : { width, height }),
  }
}

/**
 * An opaque image wraps the box. An image with transparency lies on a plain plate; otherwise its hidden colours would
 * show.
 */
function picturedParts(half: Half, picture: GlbImage, alpha: boolean): GlbPart[] {
  const colorMap = picture
  if (!alpha) return [box(half, { colorMap })]
  const above = { ...half, z: half.z + PICTURE_GAP }
  const faces = FACES.filter(({ normal }) => normal[2] !== 0)
  return [box(half, { color: PLATE_COLOR }), joinFaces(faces, above, { colorMap, blend: true })]
}

interface Half {
  x: number
  y: number
  z: number
}

type Corner = readonly [x: number, y: number, z: number]
interface Face {
  normal: Corner
  corners: readonly [Corner, Corner, Corner, Corner]
}

/** The six sides of a cube, each counter-clockwise as seen from outside. */
const FACES: readonly Face[] = [
  { normal: [0, 0, 1], corners: [[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]] },
  { normal: [0, 0, -1], corners: [[1, -1, -1], [-1, -1, -1], [-1, 1, -1], [1, 1, -1]] },
  { normal: [1, 0, 0], corners: [[1, -1, 1], [1, -1, -1], [1, 1, -1], [1, 1, 1]] },
  { normal: [-1, 0, 0], corners: [[-1, -1, -1], [-1, -1, 1], [-1, 1, 1], [-1, 1, -1]] },
  { normal: [0, 1, 0], corners: [[-1, 1, 1], [1, 1, 1], [1, 1, -1], [-1, 1, -1]] },
  { normal: [0, -1, 0], corners: [[-1, -1, -1], [1, -1, -1], [1, -1, 1], [-1, -1, 1]] },
] // prettier-ignore

function box(half: Half, material: GlbMaterial): GlbPart {
  return joinFaces(FACES, half, material)
}

/** The image is projected along Z: the back mirrors it, and the sides have the colours of its edges. */
function joinFaces(faces: readonly Face[], half: Half, material: GlbMaterial): GlbPart {
  const corners = faces.flatMap((face) => face.corners)
  return {
    positions: Float32Array.from(corners.flatMap(([x, y, z]) => [x * half.x, y * half.y, z * half.z])),
    normals: Float32Array.from(faces.flatMap(({ normal }) => [...normal, ...normal, ...normal, ...normal])),
    ...(material.colorMap && {
      uvs: Float32Array.from(corners.flatMap(([x, y]) => [(1 + x) / 2, (1 - y) / 2])),
    }),
    indices: faces.flatMap((_, face) => [0, 1, 2, 0, 2, 3].map((corner) => face * 4 + corner)),
    material: { roughness: 0.8, ...material },
  }
}
