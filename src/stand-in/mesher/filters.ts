import { at, createPlane, mapPlane, type Plane } from './plane.ts'

/** Gaussian blur. `sigma` in pixels. Beyond the border, the border pixel repeats. */
export function gauss(source: Plane, sigma: number): Plane {
  const kernel = halfKernel(sigma)
  return filterLines(source, kernel.length - 1, (line, out) => convolve(line, out, kernel))
}

/** Three box blurs: nearly Gaussian, at a cost that does not grow with `sigma`. */
export function boxBlur(source: Plane, sigma: number): Plane {
  const radius = Math.max(1, Math.round(Math.sqrt(4 * sigma * sigma + 1) / 2 - 0.5))
  const once = (plane: Plane): Plane =>
    filterLines(plane, radius, (line, out) => runningMean(line, out, radius))
  return once(once(once(source)))
}

/** Largest value in the square of `2 * radius + 1` pixels around each pixel. */
export function dilate(source: Plane, radius: number): Plane {
  return filterLines(source, radius, (line, out) => runningExtreme(line, out, { radius, sign: 1 }))
}

/** Smallest value in the square around each pixel. */
export function erode(source: Plane, radius: number): Plane {
  return filterLines(source, radius, (line, out) => runningExtreme(line, out, { radius, sign: -1 }))
}

/** Fills dark gaps narrower than twice the radius. */
export function close(source: Plane, radius: number): Plane {
  return erode(dilate(source, radius), radius)
}

/** Removes bright specks narrower than twice the radius. */
export function open(source: Plane, radius: number): Plane {
  return dilate(erode(source, radius), radius)
}

/** Half the size, each pixel the mean of four. An odd border repeats. */
export function halve({ data, width, height }: Plane): Plane {
  const half = createPlane((width + 1) >> 1, (height + 1) >> 1)
  for (let y = 0, i = 0; y < half.height; y++) {
    const upper = 2 * y * width
    const lower = Math.min(2 * y + 1, height - 1) * width
    for (let x = 0; x < half.width; x++, i++) {
      const left = 2 * x
      const right = Math.min(left + 1, width - 1)
      half.data[i] =
        (at(data, upper + left) +
          at(data, upper + right) +
          at(data, lower + left) +
          at(data, lower + right)) /
        4
    }
  }
  return half
}

/** 1 where the value is above `threshold`, else 0. */
export function isAbove(source: Plane, threshold: number): Plane {
  return mapPlane(source, (value) => (value > threshold ? 1 : 0))
}

/** Swaps 0 and 1. */
export function invert(mask: Plane): Plane {
  return mapPlane(mask, (value) => 1 - value)
}

/** `line` is the input with `radius` more samples at both ends; `out` has the original length. */
type LineFilter = (line: Float32Array, out: Float32Array) => void

function filterLines(source: Plane, radius: number, filter: LineFilter): Plane {
  const { width, height } = source
  const rows = createPlane(width, height)
  const both = createPlane(width, height)
  const buffers = (length: number) => ({
    line: new Float32Array(length + 2 * radius),
    out: new Float32Array(length),
    radius,
  })
  const across = { ...buffers(width), stride: 1 }
  for (let y = 0; y < height; y++) filterLine(source.data, rows.data, y * width, across, filter)
  const down = { ...buffers(height), stride: width }
  for (let x = 0; x < width; x++) filterLine(rows.data, both.data, x, down, filter)
  return both
}

interface LineBuffers {
  line: Float32Array
  out: Float32Array
  stride: number
  radius: number
}

function filterLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  { line, out, stride, radius }: LineBuffers,
  filter: LineFilter,
): void {
  const length = out.length
  for (let i = 0, p = start; i < length; i++, p += stride) line[i + radius] = at(from, p)
  line.fill(at(from, start), 0, radius)
  line.fill(at(from, start + (length - 1) * stride), length + radius)
  filter(line, out)
  for (let i = 0, p = start; i < length; i++, p += stride) to[p] = at(out, i)
}

/** The kernel from its centre outwards; both halves together sum to 1. */
function halfKernel(sigma: number): Float32Array {
  const radius = Math.max(1, Math.ceil(sigma * 2.5))
  const weights = Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)))
  const total = weights.reduce((all, weight, i) => all + (i === 0 ? weight : 2 * weight), 0)
  return Float32Array.from(weights, (weight) => weight / total)
}

function convolve(line: Float32Array, out: Float32Array, kernel: Float32Array): void {
  const radius = kernel.length - 1
  const centre = at(kernel, 0)
  for (let i = 0; i < out.length; i++) {
    const middle = i + radius
    let total = centre * at(line, middle)
    for (let k = 1; k <= radius; k++) total += at(kernel, k) * (at(line, middle - k) + at(line, middle + k))
    out[i] = total
  }
}

function runningMean(line: Float32Array, out: Float32Array, radius: number): void {
  const size = 2 * radius + 1
  let total = 0
  for (let i = 0; i < size - 1; i++) total += at(line, i)
  for (let i = 0; i < out.length; i++) {
    total += at(line, i + size - 1)
    out[i] = total / size
    total -= at(line, i)
  }
}

/** The largest value for a sign of 1, the smallest for one of -1. */
function runningExtreme(
  line: Float32Array,
  out: Float32Array,
  { radius, sign }: { radius: number; sign: 1 | -1 },
): void {
  for (let i = 0; i < out.length; i++) {
    let best = at(line, i)
    for (let k = 1; k <= 2 * radius; k++) {
      const value = at(line, i + k)
      if (value * sign > best * sign) best = value
    }
    out[i] = best
  }
}
