/** Three numbers. */
export type Vec = number[]

export function minus(a: Vec = [], b: Vec = []): Vec {
  return a.map((value, axis) => value - (b[axis] ?? 0))
}

export function dot(a: Vec, b: Vec): number {
  return a.reduce((sum, value, axis) => sum + value * (b[axis] ?? 0), 0)
}

export function cross(u: Vec, v: Vec): Vec {
  return [0, 1, 2].map((axis) => {
    const [y, z] = [(axis + 1) % 3, (axis + 2) % 3]
    return (u[y] ?? 0) * (v[z] ?? 0) - (u[z] ?? 0) * (v[y] ?? 0)
  })
}

export function distance(a?: Vec, b?: Vec): number {
  return Math.hypot(...minus(a, b))
}

export function middle(places: Vec[]): Vec {
  return [0, 1, 2].map((axis) => places.reduce((sum, place) => sum + (place[axis] ?? 0), 0) / places.length)
}

export function unit(vector: Vec): Vec {
  const length = Math.hypot(...vector)
  return length > 0 ? vector.map((value) => value / length) : vector
}

/** The position of a vertex. */
export function vertexAt(positions: Float32Array, vertex: number): Vec {
  return [...positions.subarray(vertex * 3, vertex * 3 + 3)]
}

/** Perpendicular to a triangle, and as long as twice its area. */
export function normalOf([a = [], b = [], c = []]: Vec[]): Vec {
  return cross(minus(b, a), minus(c, a))
}

export function areaOf(corners: Vec[]): number {
  return Math.hypot(...normalOf(corners)) / 2
}

/** How far vertices reach along each axis. */
export function extentsOf(positions: Float32Array): Vec {
  const least = [Infinity, Infinity, Infinity]
  const most = [-Infinity, -Infinity, -Infinity]
  positions.forEach((value, i) => {
    least[i % 3] = Math.min(least[i % 3] ?? value, value)
    most[i % 3] = Math.max(most[i % 3] ?? value, value)
  })
  return minus(most, least)
}
