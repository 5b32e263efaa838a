import type { Back, Axis } from './back.ts'
import { plainBytes, type Raster } from './decode.ts'
import type { SharpFactory } from './libraries.ts'
import { type Shape, PADDING } from './level-set.ts'
import { createUnderlay, paintColours, paintObject, plainBack, type Underlay } from './paint.ts'
import { clamp, at, byteAt, createPlane, mapPlane, toBytes, type Plane } from './plane.ts'
import type { View } from './view.ts'
import { SIDE, type ShadedMesh } from './mesh.ts'
import { gauss } from './filters.ts'

interface Texture {
  canvas: Raster
  layout: TextureLayout
}

/** Fraction of the texture's height that the front has, above the back. */
const FRONT_SHARE = { mirror: 1, plain: 0.8, picture: 0.5 }
/** Keeps front and back apart when the texture is sampled between pixels. */
const GAP = 0.002
const TEXTURE_SIDE = { min: 64, max: 1024 }
const JPEG = { quality: 88, chromaSubsampling: '4:4:4' } as const

/** Paints the texture, RGB: the front, and the back below it if it has its own. */
export async function paintTexture(
  sharp: SharpFactory,
  { picture, shape }: View,
  back: Back,
): Promise<Texture> {
  const underlay = underlayOf(shape)
  const front = await paintObject(sharp, picture, shape, underlay)
  const share = FRONT_SHARE[back.kind]
  const size = { width: front.width, height: Math.max(1, Math.round(front.height / share) - front.height) }
  const layout = layOut(back, share)
  if (back.kind === 'picture') {
    const other = await paintObject(
      sharp,
      back.view.picture,
      back.view.shape,
      createUnderlay(back.view.shape),
    )
    return { canvas: stack(front, await scaleTo(sharp, other, size), size.height), layout }
  }
  if (back.kind === 'plain' && underlay) {
    return { canvas: stack(front, await paintColours(sharp, plainBack(underlay), size), size.height), layout }
  }
  return { canvas: front, layout }
}

/** Encodes a texture with sides that are powers of two, up to 1024. */
export async function encodeTexture(sharp: SharpFactory, canvas: Raster): Promise<Uint8Array> {
  const side = (length: number): number =>
    clamp(2 ** Math.round(Math.log2(length)), TEXTURE_SIDE.min, TEXTURE_SIDE.max)
  const { width, height } = canvas
  return plainBytes(
    await sharp(canvas.pixels, { raw: { width, height, channels: 3 } })
      .resize(side(width), side(height), { fit: 'fill', kernel: 'cubic' })
      .jpeg(JPEG)
      .toBuffer(),
  )
}

/** A slab ends with its image: nothing lies beyond. */
function underlayOf(shape: Shape): Underlay | undefined {
  return shape.kind === 'slab' ? undefined : createUnderlay(shape)
}

function layOut(back: Back, share: number): TextureLayout {
  if (share === 1) {
    const whole = { u: WHOLE_AXIS, v: WHOLE_AXIS }
    return { front: whole, back: whole }
  }
  const own = back.kind === 'picture' ? back : { u: WHOLE_AXIS, v: WHOLE_AXIS }
  return {
    front: { u: WHOLE_AXIS, v: squeeze(WHOLE_AXIS, GAP, share - GAP) },
    back: { u: own.u, v: squeeze(own.v, share + GAP, 1 - GAP) },
  }
}

function squeeze({ start, end }: Axis, min: number, max: number): Axis {
  const scale = max - min
  return { start: min + start * scale, end: min + end * scale, min, max }
}

function stack(front: Raster, back: Uint8Array, backHeight: number): Raster {
  const pixels = new Uint8Array(front.pixels.length + back.length)
  pixels.set(front.pixels)
  pixels.set(back, front.pixels.length)
  return { pixels, width: front.width, height: front.height + backHeight }
}

async function scaleTo(
  sharp: SharpFactory,
  { pixels, width, height }: Raster,
  size: { width: number; height: number },
) {
  const scaled = sharp(pixels, { raw: { width, height, channels: 3 } }).resize(size.width, size.height, {
    fit: 'fill',
  })
  return plainBytes(await scaled.raw().toBuffer())
}

/** Where the front and the back of a model are in its texture. */
export interface TextureLayout {
  front: { u: Axis; v: Axis }
  back: { u: Axis; v: Axis }
}

const WHOLE_AXIS: Axis = { start: 0, end: 1, min: 0, max: 1 }

/** How far into the object the flanks reach for their colour, in pixels: the outline itself is half backdrop. */
const INSET = 2.5

/** Projects the texture along Z. `width` and `height` are those of the grid, including padding. */
export function project(
  mesh: ShadedMesh,
  layout: TextureLayout,
  grid: { width: number; height: number },
): Float32Array {
  const { positions, normals, sides } = mesh
  const uvs = new Float32Array(sides.length * 2)
  for (let vertex = 0; vertex < sides.length; vertex++) {
    const p = 3 * vertex
    const inset = INSET * (1 - Math.abs(at(normals, p + 2)))
    const x = at(positions, p) - at(normals, p) * inset
    const y = at(positions, p + 1) - at(normals, p + 1) * inset
    const { u, v } = byteAt(sides, vertex) === SIDE.back ? layout.back : layout.front
    uvs[2 * vertex] = along(u, (x - PADDING + 0.5) / (grid.width - 2 * PADDING))
    uvs[2 * vertex + 1] = along(v, (-y - PADDING + 0.5) / (grid.height - 2 * PADDING))
  }
  return uvs
}

function along({ start, end, min, max }: Axis, share: number): number {
  return clamp(start + (end - start) * share, min, max)
}

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
