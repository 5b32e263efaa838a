import { cross, distance, dot, middle, minus, type Vec } from './vectors.ts'
import { chartsOf, groupVertices, wedgesOf } from './charts.ts'
import { nearestOf } from './nearest.ts'
import { partOf } from './reduce.ts'
import type { Surface } from './surface-types.ts'
import { mix, readTexels, type Place } from './texels.ts'
import { placeIn } from './traits.ts'

/** A place in the texture, as one between those of vertices. */
export interface Blend {
  vertices: number[]
  weights: number[]
}

/** Where the three corners of a triangle go in the texture, and how bad that is; 0 is as it was. */
export interface Fit {
  blends: Blend[]
  cost: number
}

/** Of what a triangle shows, so much may be of another piece. */
const TOLERATED = 0.06
const FOREIGN_COST = 3
/** Of a triangle that shows the other side of a thin part. */
const TURNED_COST = 2
const SHRUNK_COST = 0.5
/** How much of its size in the texture a triangle keeps, until nothing foreign is in it. */
const SCALES = [1, 0.6, 0.35, 0.2, 0.1]

/** Finds a place in one piece of the texture for triangles of fewer vertices; undefined for one that has such a place. */
export function fitterOf(surface: Surface): (corners: number[]) => Fit | undefined {
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

/** Charts that meet at the corners, of the part that the triangle is in. */
function candidatesOf({ surface, charts, wedges }: Context, corners: number[]): number[] {
  const part = partOf(surface.parts, corners[0] ?? 0)
  const meeting = corners.flatMap((corner) => wedges(corner))
  const here = meeting.filter((vertex) => part && vertex >= part.start && vertex < part.end)
  return [...new Set(here.map((vertex) => charts[vertex] ?? 0))]
}

/** Ways to lay a triangle into a chart: by its corners, smaller and smaller around its middle, or as what is there. */
function fitsIn(context: Context, corners: number[], chart: number): Fit[] {
  const { surface, nearest, triangles, foreign } = context
  const at = corners.map((corner) => positionOf(surface, corner))
  const size = distance(at[0], at[1]) + distance(at[1], at[2]) + distance(at[2], at[0]) || 1
  const donors = corners.map((corner, i) => donorOf(context, { corner, chart, at: at[i] ?? [] }))
  const triangle = triangles[nearest(chart, middle(at))] ?? 0
  const anchor = [...surface.indices.subarray(triangle, triangle + 3)]
  const around = anchor.map((vertex) => positionOf(surface, vertex))
  const turned = dot(normalOf(at), normalOf(around)) < 0 ? TURNED_COST : 0
  const away = donors.reduce((sum, donor, i) => sum + distance(positionOf(surface, donor), at[i]), 0) / size
  const missed = distance(middle(around), middle(at)) / size
  const laid = SCALES.map((scale) => {
    const blends = donors.map((donor) => towards(donor, anchor, scale))
    const cost = turned + missed + away * scale + (1 - scale) * SHRUNK_COST
    return { blends, cost: cost + foreign(chart, blends) * FOREIGN_COST }
  })
  const asIs = anchor.map((vertex) => ({ vertices: [vertex], weights: [1] }))
  return [...laid, { blends: asIs, cost: turned + missed + SHRUNK_COST * 2 }]
}

/** The vertex of a chart at a corner, or else the one that is nearest to it. */
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

/** Trees are made only for charts that are asked. */
function nearestInCharts({ positions }: Surface, charts: Uint32Array): Context['nearest'] {
  const members = groupVertices(charts.length, (vertex) => charts[vertex])
  const trees = new Map<number, (at: Vec) => number>()
  return (chart, at) => {
    const tree = trees.get(chart) ?? nearestOf(positions, members.get(chart) ?? [chart])
    trees.set(chart, tree)
    return tree(at)
  }
}

/** Where the indices of one triangle of each vertex begin. */
function firstTriangles({ indices, positions }: Surface): Uint32Array {
  const found = new Uint32Array(positions.length / 3)
  for (let i = indices.length - 1; i >= 0; i--) found[indices[i] ?? 0] = i - (i % 3)
  return found
}

function normalOf([a = [], b = [], c = []]: Vec[]): Vec {
  return cross(minus(b, a), minus(c, a))
}

export function positionOf({ positions }: Surface, vertex: number): Vec {
  return [...positions.subarray(vertex * 3, vertex * 3 + 3)]
}
