import type { Back, Axis } from './back.ts'
import { plainBytes, type Raster } from './decode.ts'
import type { SharpFactory } from './libraries.ts'
import { type Shape, PADDING } from './level-set.ts'
import { createUnderlay, paintColours, paintObject, plainBack, type Underlay } from './paint.ts'
import { clamp, at, byteAt } from './plane.ts'
import type { View } from './view.ts'
import { SIDE, type ShadedMesh } from './mesh.ts'

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
