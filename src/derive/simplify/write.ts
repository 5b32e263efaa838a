import type { Accessor, Primitive } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import type { Blend, Mended } from './mend.ts'
import { areaOf, vertexAt } from './vectors.ts'
import { partOf } from './reduce.ts'
import type { Part, Surface } from './surface.ts'
import { indicesOf, mapAttributes } from './vertices.ts'

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
