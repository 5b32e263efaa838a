import type { Material } from '@gltf-transform/core'
import { type Surface, placeIn } from './surface.ts'
import { partOf } from './reduce.ts'

/** A place in the texture. */
export type Place = [u: number, v: number]

/**
 * Computes how much of what a triangle would show does not belong to a piece of the texture: 0 for nothing, 1 for
 * everything.
 */
type ForeignShare = (piece: { vertex: number; chart: number }, corners: Place[]) => number

/** Texels per side. Real textures may have smaller texels, but the difference is not visible. */
const SIDE = 1024
const EMPTY = 0
/** Mirrored halves show the same. */
const SHARED = 0xffffffff
/** The space between pieces mostly has the color of the nearest piece. */
const EMPTY_COST = 0.4
/** Samples along each side of a triangle. */
const SAMPLES = 8

/** A texture that is shown more often than this is a pattern: hardly any texel of it belongs to a single piece. */
const MOST_TIMES = 8

/** Records for each material which piece of the texture each texel belongs to. */
export function readTexels(surface: Surface, charts: Uint32Array): ForeignShare {
  const owners = new Map<Material | null, Uint32Array>()
  const materialOf = (vertex: number) => partOf(surface.parts, vertex)?.primitive.getMaterial() ?? null
  const times = new Map<Material | null, number>()
  eachTriangle(surface, (vertex, corners) => {
    const material = materialOf(vertex)
    times.set(material, (times.get(material) ?? 0) + (Math.abs(sizeOf(corners)) || 0))
  })
  for (const [material, count] of times) {
    owners.set(material, new Uint32Array(SIDE * SIDE).fill(count > MOST_TIMES ? SHARED : EMPTY))
  }
  eachTriangle(surface, (vertex, corners) => {
    const material = materialOf(vertex)
    const isPattern = (times.get(material) ?? 0) > MOST_TIMES
    if (!isPattern) claim(owners.get(material), corners, (charts[vertex] ?? 0) + 1)
  })
  return ({ vertex, chart }, corners) => shareOf(owners.get(materialOf(vertex)), corners, chart + 1)
}

function sizeOf([a, b, c]: [Place, Place, Place]): number {
  return side(a, b, ...c) / 2
}

function eachTriangle(
  { indices, traits }: Surface,
  visit: (vertex: number, corners: [Place, Place, Place]) => void,
): void {
  for (let at = 0; at < indices.length; at += 3) {
    const [a = 0, b = 0, c = 0] = indices.subarray(at, at + 3)
    visit(a, [placeIn(traits, a), placeIn(traits, b), placeIn(traits, c)])
  }
}

function claim(owners: Uint32Array | undefined, corners: Place[], owner: number): void {
  if (!owners) return
  eachTexel(corners, (texel) => {
    const known = owners[texel]
    owners[texel] = known === EMPTY || known === owner ? owner : SHARED
  })
}

function shareOf(owners: Uint32Array | undefined, corners: Place[], owner: number): number {
  let foreign = 0
  let count = 0
  for (let i = 0; i < SAMPLES; i++) {
    for (let j = 0; i + j < SAMPLES; j++) {
      const weights = [i, j, SAMPLES - 1 - i - j].map((weight) => (weight + 1 / 3) / SAMPLES)
      foreign += costOf(owners?.[texelAt(...mix(corners, weights))], owner)
      count += 1
    }
  }
  return foreign / count
}

function costOf(found: number | undefined, owner: number): number {
  if (found === owner || found === SHARED) return 0
  return found === EMPTY ? EMPTY_COST : 1
}

export function mix(places: readonly Place[], weights: readonly number[]): Place {
  const along = (axis: 0 | 1) => places.reduce((sum, place, i) => sum + place[axis] * (weights[i] ?? 0), 0)
  return [along(0), along(1)]
}

/** Textures repeat beyond their sides. */
function texelAt(u: number, v: number): number {
  const wrap = (value: number) => Math.floor((value - Math.floor(value)) * SIDE) % SIDE
  return wrap(v) * SIDE + wrap(u)
}

/**
 * Texels whose center is in a triangle, and the texel at the triangle's own center. A triangle that spans many repeats
 * is left out.
 */
function eachTexel(corners: Place[], visit: (texel: number) => void): void {
  const [us, vs] = ([0, 1] as const).map((axis) => corners.map((place) => place[axis] * SIDE))
  const [left, right] = [Math.floor(Math.min(...(us ?? []))), Math.ceil(Math.max(...(us ?? [])))]
  const [top, bottom] = [Math.floor(Math.min(...(vs ?? []))), Math.ceil(Math.max(...(vs ?? [])))]
  visit(texelAt(...mix(corners, [1 / 3, 1 / 3, 1 / 3])))
  if (!(right - left <= SIDE && bottom - top <= SIDE)) return
  const isInside = insideOf(corners)
  for (let y = top; y < bottom; y++) {
    const v = (y + 0.5) / SIDE
    for (let x = left; x < right; x++) {
      const u = (x + 0.5) / SIDE
      if (isInside(u, v)) visit(texelAt(u, v))
    }
  }
}

/** Millions of places are queried, so this uses numbers: arrays would be most of the work. */
function insideOf([a = [0, 0], b = [0, 0], c = [0, 0]]: Place[]): (u: number, v: number) => boolean {
  return (u, v) => {
    const first = side(a, b, u, v)
    const second = side(b, c, u, v)
    const third = side(c, a, u, v)
    return (first >= 0 && second >= 0 && third >= 0) || (first <= 0 && second <= 0 && third <= 0)
  }
}

function side(from: Place, to: Place, u: number, v: number): number {
  return (to[0] - from[0]) * (v - from[1]) - (to[1] - from[1]) * (u - from[0])
}
