type Axis = 0 | 1 | 2

/** Few enough to check one by one. */
const LEAF = 16

/**
 * Finds which of a set of vertices is nearest to a place: a tree over three axes, because a model may have very many of
 * them.
 */
export function nearestOf(positions: Float32Array, vertices: readonly number[]): (at: number[]) => number {
  const order = Uint32Array.from(vertices)
  split(positions, order, 0)
  return (at) =>
    search(positions, { order, axis: 0, at }, { vertex: order[0] ?? 0, distance: Infinity }).vertex
}

/** Sorts a range by one axis, and its halves by the next. */
function split(positions: Float32Array, order: Uint32Array, axis: Axis): void {
  if (order.length <= LEAF) return
  order.sort((a, b) => (positions[a * 3 + axis] ?? 0) - (positions[b * 3 + axis] ?? 0))
  const middle = order.length >> 1
  split(positions, order.subarray(0, middle), next(axis))
  split(positions, order.subarray(middle), next(axis))
}

interface Range {
  order: Uint32Array
  axis: Axis
  at: number[]
}

interface Found {
  vertex: number
  distance: number
}

function search(positions: Float32Array, { order, axis, at }: Range, found: Found): Found {
  if (order.length <= LEAF) return searchLeaf(positions, { order, at }, found)
  const middle = order.length >> 1
  const halves = [order.subarray(0, middle), order.subarray(middle)]
  const beyond = (at[axis] ?? 0) - (positions[(order[middle] ?? 0) * 3 + axis] ?? 0)
  const [near, far] = beyond < 0 ? halves : halves.toReversed()
  const closer = search(positions, { order: near ?? order, axis: next(axis), at }, found)
  if (beyond ** 2 >= closer.distance) return closer
  return search(positions, { order: far ?? order, axis: next(axis), at }, closer)
}

function searchLeaf(positions: Float32Array, { order, at }: Omit<Range, 'axis'>, found: Found): Found {
  let best = found
  for (const vertex of order) {
    const distance = squaredDistance(positions, vertex, at)
    if (distance < best.distance) best = { vertex, distance }
  }
  return best
}

function squaredDistance(positions: Float32Array, vertex: number, at: number[]): number {
  const along = (axis: Axis) => (positions[vertex * 3 + axis] ?? 0) - (at[axis] ?? 0)
  return along(0) ** 2 + along(1) ** 2 + along(2) ** 2
}

function next(axis: Axis): Axis {
  return axis === 2 ? 0 : axis === 1 ? 2 : 1
}
