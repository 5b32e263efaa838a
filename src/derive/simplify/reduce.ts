import type { MeshoptSimplifier, SimplifierFlags } from 'meshoptimizer'
import { extentsOf } from './vectors.ts'
import { BONES, type Part, type Surface, TRAITS } from './surface.ts'

/** A surface with fewer triangles. */
export interface Reduced {
  indices: Uint32Array
  /** The deviation, as a fraction of the model's size, including vertex attributes. */
  error: number
}

export interface Aim {
  /** As drawn; 0 asks for as few as the error allows. */
  triangles: number
  /** As a fraction of the model's size. */
  error: number
}

/** A number counts as reached within this fraction of the requested one. */
export const CLOSE = 0.02
/** An error that is not visible yet: beyond it, another way may preserve the shape better. */
const SHAPELY = 0.02
/** An error that is visible in the shape. */
const VISIBLE = 0.04

interface Way {
  flags: SimplifierFlags[]
  /** How much vertex attributes count. */
  weight: number
  locks: 'seams' | 'borders'
  /** Whether vertices in one place count as one. */
  isWelded?: true
}

/**
 * First, texture seams may move along themselves; then also across, after which their triangles are mended; the last
 * way ignores vertex attributes, and drops tiny pieces. Parts stay together in all of them.
 */
const WAYS: Way[] = [
  { flags: ['Permissive'], weight: 1, locks: 'seams' },
  { flags: ['Permissive'], weight: 1, locks: 'borders' },
  { flags: ['Permissive', 'Prune'], weight: 0, locks: 'borders' },
]
/** Where many pieces of the texture meet in one place, such as the pole of a globe, no edge can be removed otherwise. */
const LAST_WAY: Way = { flags: ['Permissive', 'Prune'], weight: 0, locks: 'borders', isWelded: true }

/**
 * Reduces a surface to a number of triangles as drawn: the first way that comes close and preserves the shape, or else
 * the best one.
 */
export function reduce(simplifier: typeof MeshoptSimplifier, surface: Surface, aim: Aim): Reduced {
  const missOf = ({ indices }: Reduced) => missBy(aim, countDrawn(surface, indices))
  let best: Reduced | undefined
  for (const way of WAYS) {
    const found = reduceOneWay(simplifier, surface, { aim, way })
    if (missOf(found) === 0 && found.error <= SHAPELY) return found
    if (!best || isBetter(found, best, missOf)) best = found
  }
  if (!best) return { indices: surface.indices, error: 0 }
  const isGood = missOf(best) === 0 && best.error <= VISIBLE
  return isGood ? best : lastOrBest(reduceOneWay(simplifier, surface, { aim, way: LAST_WAY }), best, missOf)
}

/** The last way breaks more of the texture, so it has to be much better. */
function lastOrBest(last: Reduced, best: Reduced, missOf: (reduced: Reduced) => number): Reduced {
  const isMuchBetter = isBetter({ ...last, error: last.error * 2 }, best, missOf)
  return isMuchBetter ? last : best
}

/** The number counts first, then the shape. */
function isBetter(found: Reduced, best: Reduced, missOf: (reduced: Reduced) => number): boolean {
  const [miss, least] = [missOf(found), missOf(best)]
  return miss === least ? found.error < best.error : miss < least
}

/**
 * The factor by which a number misses the requested one, where too few is as bad as too many; none at all misses it
 * most.
 */
function missBy({ triangles }: Aim, count: number): number {
  if (triangles === 0) return 0
  const times = Math.abs(Math.log(count / triangles))
  return times <= Math.log(1 + CLOSE) ? 0 : times
}

/** Anything that is drawn more than once counts as often, so the number for the library is found by trying. */
function reduceOneWay(
  simplifier: typeof MeshoptSimplifier,
  surface: Surface,
  { aim, way }: { aim: Aim; way: Way },
): Reduced {
  const source = way.isWelded ? weld(surface) : surface.indices
  const run = (triangles: number): Reduced => {
    const [indices, error] = simplifier.simplifyWithAttributes(
      source,
      surface.positions,
      3,
      surface.traits,
      TRAITS.length,
      TRAITS.map((weight) => weight * way.weight),
      surface[way.locks],
      Math.min(surface.indices.length, 3 * triangles),
      aim.error,
      way.flags,
    )
    return { indices, error }
  }
  if (surface.parts.every(({ times }) => times === 1)) return run(aim.triangles)
  let [low, high] = [0, surface.indices.length / 3]
  let best = run(low)
  while (high - low > 1 && countDrawn(surface, best.indices) < aim.triangles * (1 - CLOSE / 4)) {
    const middle = Math.round((low + high) / 2)
    const found = run(middle)
    if (countDrawn(surface, found.indices) > aim.triangles) high = middle
    else [low, best] = [middle, found]
  }
  return best
}

/** Vertices that are closer than this fraction of the model's size are in one place: exporters round. */
const CLOSE_TOGETHER = 2 ** -20

/** Vertices of one part count as one if they are in one place, and stay there whatever moves them. */
function weld({ parts, positions, traits, indices }: Surface): Uint32Array<ArrayBuffer> {
  const cell = CLOSE_TOGETHER * Math.max(...extentsOf(positions)) || 1
  const snap = (value: number) => Math.round(value / cell)
  const first = new Map<string, number>()
  const same = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => vertex)
  for (const { primitive, start, end } of parts) {
    const targets = primitive.listTargets().flatMap((target) => target.getAttribute('POSITION') ?? [])
    for (let vertex = start; vertex < end; vertex++) {
      const place = positions.subarray(vertex * 3, vertex * 3 + 3).map(snap)
      const bones = traits.subarray(vertex * TRAITS.length + BONES, (vertex + 1) * TRAITS.length)
      const moves = targets.flatMap((target) => target.getElement(vertex - start, [])).map(snap)
      const key = [start, ...place, ...bones, ...moves].join()
      const known = first.get(key) ?? vertex
      first.set(key, known)
      same[vertex] = known
    }
  }
  return indices.map((vertex) => same[vertex] ?? vertex)
}

/** Triangles as drawn. */
function countDrawn({ parts }: Surface, indices: Uint32Array): number {
  let count = 0
  for (let at = 0; at < indices.length; at += 3) count += partOf(parts, indices[at] ?? 0)?.times ?? 0
  return count
}

/** The part that a vertex belongs to. */
export function partOf(parts: Part[], vertex: number): Part | undefined {
  let [low, high] = [0, parts.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((parts[middle]?.end ?? 0) > vertex) high = middle
    else low = middle + 1
  }
  return parts[low]
}
