import { plainBytes, type Raster } from './decode.ts'
import { gauss } from './filters.ts'
import type { SharpFactory } from './libraries.ts'
import { at, byteAt, clamp, createPlane, mapPlane, toBytes, type Plane } from './plane.ts'

/** Encoded maps of a material that is guessed from brightness alone. */
interface MaterialMaps {
  normal: Uint8Array
  /** Grey: 0 is smooth. */
  roughness: Uint8Array
  /** Grey: black, because nothing is assumed to be metal. */
  metallic: Uint8Array
  /** Both in one, as glTF requires: roughness in green, metalness in blue. */
  metallicRoughness: Uint8Array
}

const MAX_NORMAL_SIDE = 512
/** Slope of the normal map per step of brightness, and its limit. */
const SLOPE = 1.2 / 255
const MAX_SLOPE = 0.8
/** Dark is a little rougher than bright. */
const ROUGHEST = 200
const ROUGHNESS_SPAN = 0.25

/** Derives PBR maps from the base colour. Their sides are powers of two if those of the texture are. */
export async function deriveMaps(sharp: SharpFactory, texture: Uint8Array): Promise<MaterialMaps> {
  const brightness = await readBrightness(sharp, texture)
  const { width, height } = brightness
  const rough = toBytes(mapPlane(brightness, (value) => ROUGHEST - value * ROUGHNESS_SPAN).data)
  const combined = new Uint8Array(rough.length * 3)
  rough.forEach((value, i) => combined.set([255, value, 0], 3 * i))
  const small = { width: Math.max(1, width >> 1), height: Math.max(1, height >> 1) }
  const png = async (pixels: Uint8Array, channels: 1 | 3, size: { width: number; height: number }) => {
    const image = sharp(pixels, { raw: { width, height, channels } }).resize(size.width, size.height, {
      fit: 'fill',
    })
    const grey = channels === 1 ? image.toColourspace('b-w') : image
    return plainBytes(await grey.png({ compressionLevel: 6 }).toBuffer())
  }
  const [normal, roughness, metallic, metallicRoughness] = await Promise.all([
    png(normalsOf(gauss(brightness, 1)).pixels, 3, { width, height }),
    png(rough, 1, small),
    png(new Uint8Array(rough.length), 1, small),
    png(combined, 3, small),
  ])
  return { normal, roughness, metallic, metallicRoughness }
}

async function readBrightness(sharp: SharpFactory, texture: Uint8Array): Promise<Plane> {
  const { data, info } = await sharp(texture)
    .resize(MAX_NORMAL_SIDE, MAX_NORMAL_SIDE, { fit: 'inside', withoutEnlargement: true })
    .greyscale()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const bytes = plainBytes(data)
  return mapPlane(createPlane(info.width, info.height), (_, i) => byteAt(bytes, i))
}

/** Treats brightness as height: its slope (Sobel), as tangent-space normals with green up. */
function normalsOf({ data, width, height }: Plane): Raster {
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0, p = 0; y < height; y++) {
    const above = Math.max(0, y - 1) * width
    const below = Math.min(height - 1, y + 1) * width
    for (let x = 0; x < width; x++, p += 3) {
      const left = Math.max(0, x - 1)
      const right = Math.min(width - 1, x + 1)
      const row = y * width
      const column = (i: number): number => at(data, above + i) + 2 * at(data, row + i) + at(data, below + i)
      const line = (i: number): number => at(data, i + left) + 2 * at(data, i + x) + at(data, i + right)
      const nx = -clamp((column(right) - column(left)) * SLOPE, -MAX_SLOPE, MAX_SLOPE)
      const ny = clamp((line(below) - line(above)) * SLOPE, -MAX_SLOPE, MAX_SLOPE)
      const scale = 127.5 / Math.sqrt(nx * nx + ny * ny + 1)
      pixels[p] = nx * scale + 128
      pixels[p + 1] = ny * scale + 128
      pixels[p + 2] = scale + 128
    }
  }
  return { pixels, width, height }
}
