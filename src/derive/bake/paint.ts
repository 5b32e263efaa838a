import type { Texture } from '@gltf-transform/core'
import type { Hit } from './nearest-triangle.ts'
import { dot, type Vec, unit } from '../simplify/vectors.ts'
import { across, frameOf, normalAt, type Frame, type Patch } from './patch.ts'
import { need, type Tools } from '../libraries.ts'
import { hasHiddenColors, openPixels, resizeChannels } from '../pixels.ts'

/** A square image with four channels, and which of its texels are painted. */
interface Canvas {
  side: number
  pixels: Uint8Array
  painted: Uint8Array
}

/** An image that is read from. */
interface Pixels {
  width: number
  height: number
  /** Four channels. */
  data: Uint8Array
}

function createCanvas(side: number): Canvas {
  return { side, pixels: new Uint8Array(side * side * 4), painted: new Uint8Array(side * side) }
}

export type Corner = readonly [u: number, v: number]

/** Calls back with each texel whose center is in a triangle, and where in the triangle it is. */
export function eachTexel(
  side: number,
  [a, b, c]: readonly [Corner, Corner, Corner],
  visit: (texel: number, weights: Hit['weights']) => void,
): void {
  const [left, right] = range(side, [a[0], b[0], c[0]])
  const [top, bottom] = range(side, [a[1], b[1], c[1]])
  const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
  if (area === 0) return
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [u, v] = [(x + 0.5) / side - a[0], (y + 0.5) / side - a[1]]
      const second = (u * (c[1] - a[1]) - v * (c[0] - a[0])) / area
      const third = (v * (b[0] - a[0]) - u * (b[1] - a[1])) / area
      const first = 1 - second - third
      if (Math.min(first, second, third) >= 0) visit(y * side + x, [first, second, third])
    }
  }
}

function range(side: number, values: number[]): [number, number] {
  const clamp = (value: number) => Math.min(side - 1, Math.max(0, Math.floor(value)))
  return [clamp(Math.min(...values) * side), clamp(Math.max(...values) * side)]
}

/** What a texture shows at a place, as viewers blend it: it repeats beyond its sides. Writes four numbers. */
function sample({ width, height, data }: Pixels, u: number, v: number, found: Float64Array): void {
  const [x, y] = [wrap(u) * width - 0.5, wrap(v) * height - 0.5]
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [s, t] = [x - left, y - top]
  const columns = [((left + width) % width) * 4, ((left + 1) % width) * 4] as const
  const rows = [((top + height) % height) * width * 4, ((top + 1) % height) * width * 4] as const
  for (let channel = 0; channel < 4; channel++) {
    const at = (row: number, column: number) => data[row + column + channel] ?? 0
    const upper = at(rows[0], columns[0]) * (1 - s) + at(rows[0], columns[1]) * s
    const lower = at(rows[1], columns[0]) * (1 - s) + at(rows[1], columns[1]) * s
    found[channel] = upper * (1 - t) + lower * t
  }
}

function wrap(value: number): number {
  return value - Math.floor(value)
}

/**
 * Fills unpainted texels from what is near: first with averages of larger and larger blocks. The reduced versions of a
 * texture that viewers create for distant objects then show no artifacts.
 */
function fillGaps({ side, pixels, painted }: Canvas): void {
  if (side <= 1) return
  const half = createCanvas(Math.ceil(side / 2))
  halve({ side, pixels, painted }, half)
  fillGaps(half)
  for (let texel = 0; texel < side * side; texel++) {
    if (painted[texel]) continue
    const from = blockOf(texel, side, half.side) * 4
    pixels.set(half.pixels.subarray(from, from + 4), texel * 4)
  }
}

function halve({ side, pixels, painted }: Canvas, half: Canvas): void {
  const sums = new Float64Array(half.side * half.side * 5)
  for (let texel = 0; texel < side * side; texel++) {
    if (!painted[texel]) continue
    const block = blockOf(texel, side, half.side) * 5
    for (let channel = 0; channel < 4; channel++) {
      sums[block + channel] = (sums[block + channel] ?? 0) + (pixels[texel * 4 + channel] ?? 0)
    }
    sums[block + 4] = (sums[block + 4] ?? 0) + 1
  }
  for (let block = 0; block < half.painted.length; block++) {
    const count = sums[block * 5 + 4] ?? 0
    if (count === 0) continue
    half.painted[block] = 1
    const means = sums.subarray(block * 5, block * 5 + 4).map((sum) => Math.round(sum / count))
    half.pixels.set(means, block * 4)
  }
}

function blockOf(texel: number, side: number, halfSide: number): number {
  return (Math.floor(texel / side) >> 1) * halfSide + ((texel % side) >> 1)
}

/** What is read from, and what is painted on. */
interface Painting {
  from: Pixels
  canvas: Canvas
  /** Its texels are directions, relative to how the texture lies on a triangle. */
  isNormal: boolean
}

/** A place in the old primitive, and the same place in the new one. */
export interface Pair {
  source: Patch
  target: Patch
  there: Hit
  here: Hit
}

const STRAIGHT: Vec = [0, 0, 1]
/** A direction that points away from the viewer shows as black. */
const LOWEST = 0.05

/** Paints a texel of each image with what is at its place in the source. */
export function createPainter(paintings: readonly Painting[]): (texel: number, pair: Pair) => void {
  const found = new Float64Array(4)
  const frames = new Map<Patch, Map<number, Frame>>()
  const frame = (patch: Patch, { triangle }: Hit): Frame => {
    const known = frames.get(patch) ?? new Map<number, Frame>()
    frames.set(patch, known)
    const one = known.get(triangle) ?? frameOf(patch, triangle)
    known.set(triangle, one)
    return one
  }
  return (texel, pair) => {
    const [u, v] = placeOf(pair.source, pair.there)
    for (const { from, canvas, isNormal } of paintings) {
      sample(from, u, v, found)
      if (isNormal)
        turn(found, pair, { was: frame(pair.source, pair.there), is: frame(pair.target, pair.here) })
      for (let channel = 0; channel < 4; channel++) {
        canvas.pixels[texel * 4 + channel] = Math.round(found[channel] ?? 0)
      }
      canvas.painted[texel] = 1
    }
  }
}

function placeOf({ indices, places }: Patch, { triangle, weights }: Hit): [u: number, v: number] {
  let [u, v] = [0, 0]
  for (let corner = 0; corner < 3; corner++) {
    const vertex = indices[triangle * 3 + corner] ?? 0
    u += (places[vertex * 2] ?? 0) * (weights[corner] ?? 0)
    v += (places[vertex * 2 + 1] ?? 0) * (weights[corner] ?? 0)
  }
  return [u, v]
}

/** Keeps a direction as it is in space if the texture lies differently. */
function turn(color: Float64Array, pair: Pair, { was, is }: { was: Frame; is: Frame }): void {
  const before = axesOf(was, normalAt(pair.source, pair.there.triangle, pair.there.weights))
  const after = axesOf(is, normalAt(pair.target, pair.here.triangle, pair.here.weights))
  const [x = 0, y = 0, z = 1] = [0, 1, 2].map((channel) => ((color[channel] ?? 0) / 255) * 2 - 1)
  const direction = [0, 1, 2].map((axis) =>
    [x, y, z].reduce((sum, part, i) => sum + part * (before[i]?.[axis] ?? 0), 0),
  )
  const turned = after.map((axis) => dot(axis, direction))
  const shown = unit([turned[0] ?? 0, turned[1] ?? 0, Math.max(LOWEST, turned[2] ?? 0)])
  const isSound = shown.every(Number.isFinite)
  for (const [channel, value] of (isSound ? shown : STRAIGHT).entries())
    color[channel] = ((value + 1) / 2) * 255
}

function axesOf({ right, up }: Frame, normal: Vec): Vec[] {
  return [across(right, normal), across(up, normal), normal]
}

/** For lossy formats. */
const QUALITY = 92

/** A texture, and what is painted for it. */
interface TexturePainting extends Painting {
  texture: Texture
}

export async function openPainting(texture: Texture, side: number, tools: Tools): Promise<TexturePainting> {
  const slots = tools.functions.listTextureSlots(texture)
  return {
    texture,
    from: await readPixels(texture, tools),
    canvas: createCanvas(side),
    isNormal: slots.some((slot) => /normal/i.test(slot)),
  }
}

async function readPixels(texture: Texture, tools: Tools): Promise<Pixels> {
  const { data, info } = await openPixels(texture.getImage() ?? new Uint8Array(), tools)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** Replaces the contents of a texture with what was painted, at the same size and in the same format. */
export async function writePainting({ texture, canvas }: TexturePainting, tools: Tools): Promise<void> {
  fillGaps(canvas)
  const [width = canvas.side, height = canvas.side] = texture.getSize() ?? []
  const isOpaque = canvas.pixels.every((value, at) => at % 4 !== 3 || value === 255)
  const isExact = !isOpaque && (await hasHiddenColors(texture, tools))
  const open = () => pictureOf(canvas, tools)
  const picture = isExact
    ? await resizeChannels(open, [width, height], tools)
    : open().resize(width, height, { fit: 'fill' })
  if (isOpaque) picture.removeAlpha()
  const format = texture.getMimeType().replace('image/', '') as 'png' | 'jpeg' | 'webp' | 'avif'
  const options = format === 'png' ? { adaptiveFiltering: true } : { quality: QUALITY, exact: isExact }
  texture.setImage(new Uint8Array(await picture.toFormat(format, options).toBuffer()))
}

function pictureOf({ side, pixels }: Canvas, tools: Tools) {
  return need(tools, 'sharp')(pixels, { raw: { width: side, height: side, channels: 4 } })
}
