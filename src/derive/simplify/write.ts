import type { Accessor, Primitive } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import type { Mended } from './charts.ts'
import { partOf } from './reduce.ts'
import type { Part, Surface } from './surface.ts'

/** What a part is to have: its triangles, and vertices that are another one but for their place in the texture. */
interface Share {
  indices: number[]
  extras: { like: number; donor: number }[]
  known: Map<string, number>
}

/** A triangle without area, which draws nothing. */
const FIRST = [0, 0, 0]

/** Gives each part its triangles. One that nothing is left of stays, without area, so that whoever asks for it finds it. */
export function writeSurface({ parts }: Surface, mended: Mended, { functions }: Tools): void {
  const shares = sharesOf(parts, mended)
  for (const part of parts) {
    const { primitive } = part
    const { indices = FIRST, extras = [] } = shares.get(part) ?? {}
    if (extras.length > 0) addVertices(primitive, extras)
    primitive.setIndices(primitive.getIndices()?.clone().setArray(new Uint32Array(indices)) ?? null)
    functions.compactPrimitive(primitive)
  }
}

function sharesOf(parts: Part[], { indices, donors }: Mended): Map<Part, Share> {
  const shares = new Map<Part, Share>()
  indices.forEach((vertex, at) => {
    const part = partOf(parts, indices[at - (at % 3)] ?? 0)
    if (!part) return
    const share: Share = shares.get(part) ?? { indices: [], extras: [], known: new Map() }
    shares.set(part, share)
    const [like, donor] = [vertex - part.start, (donors[at] ?? vertex) - part.start]
    share.indices.push(like === donor ? like : extraOf(share, { like, donor }, part.end - part.start))
  })
  return shares
}

function extraOf({ extras, known }: Share, extra: { like: number; donor: number }, count: number): number {
  const key = `${extra.like} ${extra.donor}`
  const found = known.get(key) ?? count + extras.length
  if (!known.has(key)) extras.push(extra)
  known.set(key, found)
  return found
}

function addVertices(primitive: Primitive, extras: Share['extras']): void {
  for (const owner of [primitive, ...primitive.listTargets()]) {
    for (const semantic of owner.listSemantics()) {
      const source = owner.getAttribute(semantic)
      const from = semantic.startsWith('TEXCOORD_') ? 'donor' : 'like'
      const vertices = extras.map((extra) => extra[from])
      if (source) owner.setAttribute(semantic, extended(source, vertices))
    }
  }
}

function extended(source: Accessor, vertices: number[]): Accessor {
  const array = source.getArray()
  if (!array) return source
  const size = source.getElementSize()
  const Values = array.constructor as new (count: number) => typeof array
  const values = new Values(array.length + vertices.length * size)
  values.set(array)
  vertices.forEach((vertex, i) =>
    values.set(array.subarray(vertex * size, (vertex + 1) * size), array.length + i * size),
  )
  return source.clone().setArray(values)
}
