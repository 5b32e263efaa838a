import { at, createPlane, indexAt, type Plane } from './plane.ts'

/** Connected parts of a mask, by shared pixel sides. */
interface Components {
  /** Number of the part + 1 for each pixel, 0 outside all parts. */
  labels: Uint32Array
  /** Pixels of each part. */
  areas: number[]
}

/** Finds the connected parts of all pixels whose mask has `value`. */
export function findComponents(mask: Plane, value: 0 | 1): Components {
  const { data, width } = mask
  const labels = new Uint32Array(data.length)
  const stack = new Uint32Array(data.length)
  const areas: number[] = []
  for (let start = 0; start < data.length; start++) {
    if (at(data, start) !== value || indexAt(labels, start) > 0) continue
    areas.push(fillFrom(start, { data, value, width, labels, stack, label: areas.length + 1 }))
  }
  return { labels, areas }
}

/**
 * Drops parts below 1 % of the largest one and fills pinholes.
 *
 * Returns the clean mask.
 */
export function tidy(mask: Plane): Plane {
  const clean = createPlane(mask.width, mask.height)
  const parts = findComponents(mask, 1)
  const largest = Math.max(0, ...parts.areas)
  const smallest = Math.max(6, largest * 0.01)
  keepWhere(clean, parts, (area) => area >= smallest)
  const holes = findComponents(clean, 0)
  const pinHole = Math.max(4, largest * 0.0006)
  if (largest > 0) keepWhere(clean, holes, (area) => area < pinHole)
  return clean
}

/** Sets to 1 all pixels of the parts whose area passes. */
export function keepWhere(
  target: Plane,
  { labels, areas }: Components,
  passes: (area: number) => boolean,
): void {
  const passing = Uint32Array.from([0, ...areas.map((area) => (passes(area) ? 1 : 0))])
  for (let i = 0; i < labels.length; i++) {
    if (indexAt(passing, indexAt(labels, i)) === 1) target.data[i] = 1
  }
}

interface Filling {
  data: Float32Array
  value: number
  width: number
  labels: Uint32Array
  stack: Uint32Array
  label: number
}

/** Labels everything connected to `start`, and returns its area. */
function fillFrom(start: number, filling: Filling): number {
  const { data, width, stack } = filling
  let area = 0
  let depth = push(start, 0, filling)
  while (depth > 0) {
    const p = indexAt(stack, --depth)
    const x = p % width
    area++
    if (x > 0) depth = push(p - 1, depth, filling)
    if (x < width - 1) depth = push(p + 1, depth, filling)
    if (p >= width) depth = push(p - width, depth, filling)
    if (p < data.length - width) depth = push(p + width, depth, filling)
  }
  return area
}

function push(p: number, depth: number, { data, value, labels, stack, label }: Filling): number {
  if (at(data, p) !== value || indexAt(labels, p) > 0) return depth
  labels[p] = label
  stack[depth] = p
  return depth + 1
}
