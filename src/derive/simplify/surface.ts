import type { Document, Node, Primitive } from '@gltf-transform/core'
import { drawnNodes, instancesOf, restPositions } from '../compare/rest-pose.ts'
import type { Part, Surface } from './surface-types.ts'
import { setApart } from './layers.ts'
import { minus, type Vec } from './vectors.ts'
import { sameTexture, writeTraits, TRAITS } from './traits.ts'

const TRIANGLES = 4

/** Gathers the surface. Every part of it has indices. */
export function gatherSurface(document: Document): Surface {
  const owners = ownersOf(document)
  const parts = partsOf(owners)
  const count = parts.at(-1)?.end ?? 0
  const positions = new Float32Array(count * 3)
  const traits = new Float32Array(count * TRAITS.length)
  // Measured from one of them: far from zero, numbers are too coarse for small differences.
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

function indicesOf(primitive: Primitive): number[] {
  return Array.from(primitive.getIndices()?.getArray() ?? [])
}

/** The bit by which meshoptimizer keeps a vertex on the seam that it is on. */
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
