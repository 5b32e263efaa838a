import type { Surface } from './surface-types.ts'

/** The piece of the texture that each vertex is in: pieces share no vertex. */
export function chartsOf({ indices, positions }: Pick<Surface, 'indices' | 'positions'>): Uint32Array {
  const parents = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => vertex)
  const rootOf = (vertex: number): number => {
    let at = vertex
    while (parents[at] !== at) at = parents[at] = parents[parents[at] ?? at] ?? at
    return at
  }
  for (let at = 0; at < indices.length; at += 3) {
    const root = rootOf(indices[at] ?? 0)
    parents[rootOf(indices[at + 1] ?? 0)] = root
    parents[rootOf(indices[at + 2] ?? 0)] = rootOf(root)
  }
  return parents.map((_, vertex) => rootOf(vertex))
}

/** Tells all vertices at the place of one. */
export function wedgesOf({ positions }: Pick<Surface, 'positions'>): (vertex: number) => number[] {
  const keyOf = (vertex: number) => positions.subarray(vertex * 3, vertex * 3 + 3).join()
  const groups = groupVertices(positions.length / 3, keyOf)
  return (vertex) => groups.get(keyOf(vertex)) ?? []
}

/** Vertices by something that some have in common. */
export function groupVertices<K>(count: number, keyOf: (vertex: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>()
  for (let vertex = 0; vertex < count; vertex++) {
    const key = keyOf(vertex)
    const group = groups.get(key) ?? []
    group.push(vertex)
    groups.set(key, group)
  }
  return groups
}
