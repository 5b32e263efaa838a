import type { Primitive } from '@gltf-transform/core'
import { spread } from './flat.ts'

/** Gives triangles that have the corners of an earlier one vertices of their own: the other side of what is thin. */
export function unfold(primitive: Primitive): void {
  const indices = Array.from<number>(primitive.getIndices()?.getArray() ?? [])
  const count = primitive.getAttribute('POSITION')?.getCount() ?? 0
  const order = Array.from({ length: count }, (_, vertex) => vertex)
  const copies = new Map<string, number>()
  const repeats = repeatsIn(indices)
  const unfolded = indices.map((vertex, at) => {
    const times = repeats[Math.floor(at / 3)] ?? 0
    if (times === 0) return vertex
    const key = `${vertex} ${times}`
    const copy = copies.get(key) ?? order.push(vertex) - 1
    copies.set(key, copy)
    return copy
  })
  if (order.length > count) rewrite(primitive, { indices: unfolded, order })
}

/** For each triangle, how many of those before it have its corners. */
function repeatsIn(indices: number[]): number[] {
  const seen = new Map<string, number>()
  return Array.from({ length: indices.length / 3 }, (_, triangle) => {
    const corners = indices.slice(triangle * 3, triangle * 3 + 3)
    const key = corners.toSorted((a, b) => a - b).join()
    const times = seen.get(key) ?? 0
    seen.set(key, times + 1)
    return times
  })
}

function rewrite(primitive: Primitive, { indices, order }: { indices: number[]; order: number[] }): void {
  for (const owner of [primitive, ...primitive.listTargets()]) {
    for (const semantic of owner.listSemantics()) {
      const source = owner.getAttribute(semantic)
      if (source) owner.setAttribute(semantic, spread(source, order))
    }
  }
  const array = new Uint32Array(indices)
  primitive.setIndices(primitive.getIndices()?.clone().setArray(array) ?? null)
}
