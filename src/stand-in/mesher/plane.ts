/** One number for each pixel, row by row. Masks are planes of 0 and 1. */
export interface Plane {
  readonly data: Float32Array
  readonly width: number
  readonly height: number
}

/** A pixel rectangle; `right` and `bottom` are the last column and row inside of it. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

export function createPlane(width: number, height: number, fill = 0): Plane {
  const data = new Float32Array(width * height)
  if (fill !== 0) data.fill(fill)
  return { data, width, height }
}

/** A plane of the same size, each value computed from the one of `source`. */
export function mapPlane(source: Plane, compute: (value: number, i: number) => number): Plane {
  const target = createPlane(source.width, source.height)
  for (let i = 0; i < source.data.length; i++) target.data[i] = compute(at(source.data, i), i)
  return target
}

/** Values as whole bytes, rounded and limited to 0 to 255. */
export function toBytes(data: Float32Array, scale = 1): Uint8Array {
  const bytes = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) bytes[i] = clamp(at(data, i) * scale + 0.5, 0, 255)
  return bytes
}

/*
 * Indexed reads. Typed arrays have no holes, so the zero is never used. One reader for each element type keeps every
 * read monomorphic for the engine, which the inner loops depend on.
 */
export function at(data: Float32Array, i: number): number {
  return data[i] ?? 0
}
export function byteAt(data: Uint8Array, i: number): number {
  return data[i] ?? 0
}
export function indexAt(data: Uint32Array, i: number): number {
  return data[i] ?? 0
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}

/** 0 below `from`, 1 above `to`, an S-curve between. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1)
  return t * t * (3 - 2 * t)
}

/** Bilinear value at pixel coordinates, whole numbers being pixel centres; outside counts as the border. */
export function sample(data: Float32Array, width: number, height: number, x: number, y: number): number {
  const cx = clamp(x, 0, width - 1.001)
  const cy = clamp(y, 0, height - 1.001)
  const column = Math.floor(cx)
  const row = Math.floor(cy)
  const fx = cx - column
  const fy = cy - row
  const i = row * width + column
  const upper = at(data, i) * (1 - fx) + at(data, i + 1) * fx
  const lower = at(data, i + width) * (1 - fx) + at(data, i + width + 1) * fx
  return upper * (1 - fy) + lower * fy
}

/** The smallest box around all values above zero, or `undefined` if there is none. */
export function boundingBox({ data, width, height }: Plane): Box | undefined {
  const box = { left: width, top: height, right: -1, bottom: -1 }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (at(data, i) <= 0) continue
      if (x < box.left) box.left = x
      if (x > box.right) box.right = x
      if (y < box.top) box.top = y
      box.bottom = y
    }
  }
  return box.right < 0 ? undefined : box
}

export function sum({ data }: Plane): number {
  let total = 0
  for (let i = 0; i < data.length; i++) total += at(data, i)
  return total
}
