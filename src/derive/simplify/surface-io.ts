import type { Document, Node, Primitive, Accessor } from '@gltf-transform/core'
import { drawnNodes, instancesOf, restPositions } from '../compare/rest-pose.ts'
import { TRIANGLES } from '../steps/prepare.ts'
import { sameTexture, writeTraits, TRAITS, chartsOf, groupVertices } from './surface.ts'
import type { Part, Surface } from './surface.ts'
import { minus, extentsOf, type Vec, areaOf, vertexAt } from './vectors.ts'
import { indicesOf, mapAttributes } from './vertices.ts'
import type { Tools } from '../libraries.ts'
import type { Blend, Mended } from './mend.ts'
import { partOf } from './reduce.ts'

/** Collects the surface. Every part of it has indices. */
export function gatherSurface(document: Document): Surface {
  const owners = ownersOf(document)
  const parts = partsOf(owners)
  const count = parts.at(-1)?.end ?? 0
  const positions = new Float32Array(count * 3)
  const traits = new Float32Array(count * TRAITS.length)
  // Measured relative to one of them: far from zero, numbers are too coarse for small differences.
  let origin: Vec | undefined
  for (const part of parts) {
    const node = owners.get(part.primitive)?.node
    if (!node) continue
    restPositions(node, part.primitive).forEach((at, i) => {
      origin ??= at
      positions.set(minus(at, origin), (part.start + i) * 3)
    })
    writeTraits(traits, part, node)
  }
  const indices = Uint32Array.from(
    parts.flatMap(({ primitive, start }) => indicesOf(primitive).map((at) => at + start)),
  )
  setApart({ indices, positions })
  return { parts, positions, traits, indices, ...locksOf(parts, { positions, traits }) }
}

interface Owner {
  node: Node
  times: number
}

/** Each primitive of triangles with a node that draws it. */
function ownersOf(document: Document): Map<Primitive, Owner> {
  const owners = new Map<Primitive, Owner>()
  for (const node of drawnNodes(document)) {
    const times = instancesOf(node).length
    const drawn = node.getMesh()?.listPrimitives() ?? []
    for (const primitive of drawn.filter((candidate) => candidate.getMode() === TRIANGLES)) {
      const known = owners.get(primitive)
      owners.set(primitive, { node: known?.node ?? node, times: (known?.times ?? 0) + times })
    }
  }
  return owners
}

function partsOf(owners: Map<Primitive, Owner>): Part[] {
  const parts: Part[] = []
  for (const [primitive, { times }] of owners) {
    const start = parts.at(-1)?.end ?? 0
    const count = primitive.getAttribute('POSITION')?.getCount() ?? 0
    if (times > 0 && count > 0) parts.push({ primitive, times, start, end: start + count })
  }
  return parts
}

/** The bit that makes meshoptimizer keep a vertex on its seam. */
const PROTECT = 2

function locksOf(parts: Part[], { positions, traits }: Pick<Surface, 'positions' | 'traits'>) {
  const borders = new Uint8Array(positions.length / 3)
  const seams = new Uint8Array(positions.length / 3)
  const first = new Map<string, { part: number; vertex: number }>()
  parts.forEach(({ start, end }, part) => {
    for (let vertex = start; vertex < end; vertex++) {
      const key = positions.subarray(vertex * 3, vertex * 3 + 3).join()
      const other = first.get(key)
      if (!other) first.set(key, { part, vertex })
      else if (other.part !== part) borders[vertex] = borders[other.vertex] = PROTECT
      if (other && !sameTexture(traits, vertex, other.vertex)) seams[vertex] = seams[other.vertex] = PROTECT
    }
  })
  return { borders, seams: seams.map((lock, vertex) => lock | (borders[vertex] ?? 0)) }
}

type Shape = Pick<Surface, 'indices' | 'positions'>

/**
 * The fraction of a piece's edges that coincide with those of another piece if both are in one place. Adjacent pieces
 * share fewer.
 */
const MOSTLY = 0.5
/**
 * How far surfaces are moved apart, as a fraction of the model's size: enough to be different places, too little for
 * any error to show.
 */
const APART = 2 ** -18

/**
 * Moves surfaces apart that are in the same place: doubled models, and both sides of a thin one. The library merges
 * vertices in the same place, and finds no edge there that could be removed.
 */
function setApart({ indices, positions }: Shape): void {
  const layers = layersOf({ indices, positions })
  const apart = APART * Math.max(0, ...extentsOf(positions))
  layers.forEach((layer, vertex) => {
    positions[vertex * 3] = (positions[vertex * 3] ?? 0) + layer * apart
  })
}

/** For each vertex, the number of other surfaces below its own. */
function layersOf(shape: Shape): Uint32Array {
  const edges = edgesOf(shape)
  const layers = new Uint32Array(shape.positions.length / 3)
  if (new Set(edges).size === edges.length) return layers
  const charts = chartsOf(shape)
  const pieces = groupVertices(edges.length, (at) => charts[shape.indices[at] ?? 0] ?? 0)
  const found = stack([...pieces].map(([chart, own]) => ({ chart, edges: own.map((at) => edges[at] ?? 0) })))
  return layers.map((_, vertex) => found.get(charts[vertex] ?? 0) ?? 0)
}

/** Puts each piece, largest first, into the lowest layer where its place is free. */
function stack(pieces: { chart: number; edges: number[] }[]): Map<number, number> {
  const layers: Set<number>[] = []
  const found = new Map<number, number>()
  for (const { chart, edges } of pieces.toSorted((a, b) => b.edges.length - a.edges.length)) {
    const isFree = (taken: Set<number>) =>
      edges.filter((edge) => taken.has(edge)).length <= edges.length * MOSTLY
    const free = layers.findIndex(isFree)
    const layer = free < 0 ? layers.push(new Set()) - 1 : free
    for (const edge of edges) layers[layer]?.add(edge)
    found.set(chart, layer)
  }
  return found
}

/** The start and end place of each side of each triangle: no two sides of a surface are alike. */
function edgesOf({ indices, positions }: Shape): number[] {
  const count = positions.length / 3
  const first = new Map<string, number>()
  const places = Array.from({ length: count }, (_, vertex) => {
    const key = positions.subarray(vertex * 3, vertex * 3 + 3).join()
    const place = first.get(key) ?? vertex
    first.set(key, place)
    return place
  })
  const placeAt = (at: number) => places[indices[at] ?? 0] ?? 0
  return Array.from(indices, (_, at) => placeAt(at) * count + placeAt(at % 3 === 2 ? at - 2 : at + 1))
}

/** What a part will have: its triangles, and vertices that equal another one except for their place in the texture. */
interface Share {
  indices: number[]
  extras: { like: number; blend: Blend }[]
  known: Map<string, number>
}

/**
 * Gives each part its triangles. A part of which nothing is left keeps one triangle, so that code that looks it up
 * finds it.
 */
export function writeSurface(surface: Surface, mended: Mended, { functions }: Tools): void {
  const { parts } = surface
  const shares = sharesOf(parts, mended)
  for (const part of parts) {
    const { primitive } = part
    const { indices, extras = [] } = shares.get(part) ?? { indices: largestOf(surface, part) }
    if (extras.length > 0) addVertices(primitive, extras)
    primitive.setIndices(primitive.getIndices()?.clone().setArray(new Uint32Array(indices)) ?? null)
    functions.compactPrimitive(primitive)
  }
}

/** The largest triangle that a part had: codecs need a mesh that has a size. */
function largestOf({ positions }: Surface, { primitive, start }: Part): number[] {
  const own = indicesOf(primitive)
  let largest = -1
  let found = [0, 0, 0]
  for (let at = 0; at < own.length; at += 3) {
    const triangle = own.slice(at, at + 3)
    const area = areaOf(triangle.map((vertex) => vertexAt(positions, start + vertex)))
    if (area > largest) [largest, found] = [area, triangle]
  }
  return found
}

function sharesOf(parts: Part[], { indices, blends }: Mended): Map<Part, Share> {
  const shares = new Map<Part, Share>()
  indices.forEach((vertex, at) => {
    const part = partOf(parts, indices[at - (at % 3)] ?? 0)
    if (!part) return
    const share: Share = shares.get(part) ?? { indices: [], extras: [], known: new Map() }
    shares.set(part, share)
    const blend = blends.get(at)
    share.indices.push(blend ? extraOf(share, { vertex, blend }, part) : vertex - part.start)
  })
  return shares
}

function extraOf(
  { extras, known }: Share,
  { vertex, blend }: { vertex: number; blend: Blend },
  { start, end }: Part,
): number {
  const key = [vertex, ...blend.vertices, ...blend.weights].join(' ')
  const found = known.get(key) ?? end - start + extras.length
  const vertices = blend.vertices.map((other) => other - start)
  if (!known.has(key)) extras.push({ like: vertex - start, blend: { ...blend, vertices } })
  known.set(key, found)
  return found
}

function addVertices(primitive: Primitive, extras: Share['extras']): void {
  const same = extras.map(({ like }) => ({ vertices: [like], weights: [1] }))
  const blended = extras.map(({ blend }) => blend)
  mapAttributes(primitive, (source, semantic) =>
    extended(source, semantic.startsWith('TEXCOORD_') ? blended : same),
  )
}

function extended(source: Accessor, blends: Blend[]): Accessor {
  const array = source.getArray()
  if (!array) return source
  const size = source.getElementSize()
  const Values = array.constructor as new (count: number) => typeof array
  const values = new Values(array.length + blends.length * size)
  const isWhole = !(array instanceof Float32Array)
  values.set(array)
  blends.forEach(({ vertices, weights }, i) => {
    for (let component = 0; component < size; component++) {
      const sum = vertices.reduce(
        (total, vertex, k) => total + (array[vertex * size + component] ?? 0) * (weights[k] ?? 0),
        0,
      )
      values[array.length + i * size + component] = isWhole ? Math.round(sum) : sum
    }
  })
  return source.clone().setArray(values)
}
