import { chartsOf, groupVertices, wedgesOf, placeIn, type Surface, nearestOf } from './surface.ts'
import { partOf, type Reduced } from './reduce.ts'
import { distance, dot, middle, areaOf, vertexAt, normalOf, type Vec } from './vectors.ts'
import { mix, readTexels, type Place } from './texels.ts'

/** Triangles that are each in a single piece of the texture. */
export interface Mended extends Reduced {
  /** Corners, by their position in the indices, that have another place in the texture than their vertex. */
  blends: Map<number, Blend>
  /** The fraction of the surface whose texture is placed differently, weighted by how badly it fits. */
  laid: number
}

/**
 * Puts every triangle into a single piece of the texture. A triangle whose corners are in several pieces would show
 * everything between them, and one that spans a hole of its piece would show what lies in the hole.
 */
export function mendTexture(surface: Surface, reduced: Reduced): Mended {
  const fit = fitterOf(surface)
  const indices = reduced.indices.slice()
  const blends = new Map<number, Blend>()
  const laid = shareOfArea(surface, reduced, (corners, at) => {
    const found = fit(corners)
    found?.blends.forEach((blend, i) => {
      const own = vertexOf(surface, blend, corners[i] ?? 0)
      if (own === undefined) blends.set(at + i, blend)
      else indices[at + i] = own
    })
    return found ? Math.min(1, found.cost) : 0
  })
  return { indices, blends, error: reduced.error, laid }
}

/** The fraction of a surface that is in several pieces of the texture at once. */
export function cutShare(surface: Surface, reduced: Reduced): number {
  const charts = chartsOf(surface)
  const isCut = (corners: number[]) => new Set(corners.map((corner) => charts[corner])).size > 1
  return shareOfArea(surface, reduced, (corners) => Number(isCut(corners)))
}

/** The fraction of a surface: of each triangle as much as `weigh` says. */
function shareOfArea(
  { positions }: Surface,
  { indices }: Reduced,
  weigh: (corners: number[], at: number) => number,
): number {
  let [part, whole] = [0, 0]
  for (let at = 0; at < indices.length; at += 3) {
    const corners = [...indices.subarray(at, at + 3)]
    const size = areaOf(corners.map((corner) => vertexAt(positions, corner)))
    const weight = weigh(corners, at)
    whole += size
    if (weight > 0) part += size * weight
  }
  return whole > 0 ? part / whole : 0
}

/** The vertex that is at the place of a corner in the model and in the texture. */
function vertexOf(surface: Surface, { vertices: [vertex = 0, ...more] }: Blend, corner: number) {
  if (more.length > 0) return undefined
  return distance(vertexAt(surface.positions, vertex), vertexAt(surface.positions, corner)) === 0
    ? vertex
    : undefined
}

/** A place in the texture, interpolated between those of vertices. */
export interface Blend {
  vertices: number[]
  weights: number[]
}

/** Where the three corners of a triangle go in the texture, and how bad that is; 0 is unchanged. */
interface Fit {
  blends: Blend[]
  cost: number
}

/** The fraction of what a triangle shows that may belong to another piece. */
const TOLERATED = 0.06
const FOREIGN_COST = 3
/** The cost of a triangle that shows the other side of a thin part. */
const TURNED_COST = 2
const SHRUNK_COST = 0.5
/** How much of its size in the texture a triangle keeps, until it shows nothing foreign. */
const SCALES = [1, 0.6, 0.35, 0.2, 0.1]

/**
 * Finds a place in a single piece of the texture for triangles of a reduced surface; undefined for a triangle that
 * already has one.
 */
function fitterOf(surface: Surface): (corners: number[]) => Fit | undefined {
  const charts = chartsOf(surface)
  const shareOf = readTexels(surface, charts)
  const context: Context = {
    surface,
    charts,
    wedges: wedgesOf(surface),
    nearest: nearestInCharts(surface, charts),
    triangles: firstTriangles(surface),
    foreign: (chart, blends) =>
      shareOf(
        { vertex: chart, chart },
        blends.map((blend) => placeOf(surface, blend)),
      ),
  }
  return (corners) => {
    const [first = 0] = corners.map((corner) => charts[corner] ?? 0)
    const asTheyAre = corners.map((corner) => ({ vertices: [corner], weights: [1] }))
    const isOne = corners.every((corner) => charts[corner] === first)
    if (isOne && context.foreign(first, asTheyAre) <= TOLERATED) return undefined
    const fits = candidatesOf(context, corners).flatMap((chart) => fitsIn(context, corners, chart))
    return fits.reduce<Fit | undefined>(
      (best, fit) => (best && best.cost <= fit.cost ? best : fit),
      undefined,
    )
  }
}

interface Context {
  surface: Surface
  charts: Uint32Array
  wedges: (vertex: number) => number[]
  nearest: (chart: number, at: Vec) => number
  triangles: Uint32Array
  foreign: (chart: number, blends: Blend[]) => number
}

/** Charts that meet at the corners, in the part that the triangle belongs to. */
function candidatesOf({ surface, charts, wedges }: Context, corners: number[]): number[] {
  const part = partOf(surface.parts, corners[0] ?? 0)
  const meeting = corners.flatMap((corner) => wedges(corner))
  const here = meeting.filter((vertex) => part && vertex >= part.start && vertex < part.end)
  return [...new Set(here.map((vertex) => charts[vertex] ?? 0))]
}

/**
 * Ways to place a triangle in a chart: by its corners, smaller and smaller around its center, or like an existing
 * triangle.
 */
function fitsIn(context: Context, corners: number[], chart: number): Fit[] {
  const { surface, nearest, triangles, foreign } = context
  const at = corners.map((corner) => vertexAt(surface.positions, corner))
  const size = distance(at[0], at[1]) + distance(at[1], at[2]) + distance(at[2], at[0]) || 1
  const donors = corners.map((corner, i) => donorOf(context, { corner, chart, at: at[i] ?? [] }))
  const triangle = triangles[nearest(chart, middle(at))] ?? 0
  const anchor = [...surface.indices.subarray(triangle, triangle + 3)]
  const around = anchor.map((vertex) => vertexAt(surface.positions, vertex))
  const turned = dot(normalOf(at), normalOf(around)) < 0 ? TURNED_COST : 0
  const away =
    donors.reduce((sum, donor, i) => sum + distance(vertexAt(surface.positions, donor), at[i]), 0) / size
  const missed = distance(middle(around), middle(at)) / size
  const laid = SCALES.map((scale) => {
    const blends = donors.map((donor) => towards(donor, anchor, scale))
    const cost = turned + missed + away * scale + (1 - scale) * SHRUNK_COST
    return { blends, cost: cost + foreign(chart, blends) * FOREIGN_COST }
  })
  const asIs = anchor.map((vertex) => ({ vertices: [vertex], weights: [1] }))
  return [...laid, { blends: asIs, cost: turned + missed + SHRUNK_COST * 2 }]
}

/** The vertex of a chart at a corner, or else the nearest one. */
function donorOf(
  { charts, wedges, nearest }: Context,
  { corner, chart, at }: { corner: number; chart: number; at: Vec },
) {
  return wedges(corner).find((vertex) => charts[vertex] === chart) ?? nearest(chart, at)
}

function towards(donor: number, anchor: number[], scale: number): Blend {
  if (scale === 1) return { vertices: [donor], weights: [1] }
  const rest = (1 - scale) / anchor.length
  return { vertices: [donor, ...anchor], weights: [scale, ...anchor.map(() => rest)] }
}

function placeOf({ traits }: Surface, { vertices, weights }: Blend): Place {
  return mix(
    vertices.map((vertex) => placeIn(traits, vertex)),
    weights,
  )
}

/** Trees are only created for charts that are queried. */
function nearestInCharts({ positions }: Surface, charts: Uint32Array): Context['nearest'] {
  const members = groupVertices(charts.length, (vertex) => charts[vertex])
  const trees = new Map<number, (at: Vec) => number>()
  return (chart, at) => {
    const tree = trees.get(chart) ?? nearestOf(positions, members.get(chart) ?? [chart])
    trees.set(chart, tree)
    return tree(at)
  }
}

/** The start of the indices of one triangle for each vertex. */
function firstTriangles({ indices, positions }: Surface): Uint32Array {
  const found = new Uint32Array(positions.length / 3)
  for (let i = indices.length - 1; i >= 0; i--) found[indices[i] ?? 0] = i - (i % 3)
  return found
}
