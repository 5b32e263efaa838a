import { mapLab, type Lab } from './colour.ts'
import { at, createPlane, indexAt, type Plane } from './plane.ts'

/** A plain backdrop: its colour everywhere, as fitted to the border of the image. */
export interface BackdropFit {
  colour: Lab
  /** How far the border deviates from the fit, in Lab units. */
  noise: number
  /** The pixels near the border of the image. */
  ring: Uint32Array
}

/** Fraction of the shorter side that counts as border. */
const RING = 0.025
const ROUNDS = 3
/** Lab distance within which a pixel of the ring agrees with the fit. */
const AGREES = 7
const MIN_AGREEING = 0.85
const MAX_NOISE = 3.5
const MIN_PIXELS = 40

/**
 * Fits a quadratic surface per Lab channel to the border, excluding outliers in several rounds.
 *
 * Returns `undefined` if the border is not a plain backdrop: too much of it disagrees, or it is too noisy.
 */
export function fitBackdrop(lab: Lab): BackdropFit | undefined {
  const { width, height } = lab.l
  const ring = ringPixels(width, height)
  let kept = ring
  let fit: Fit | undefined
  for (let round = 0; round < ROUNDS && (round === 0 || kept.length >= MIN_PIXELS); round++) {
    fit = fitOnce(lab, ring, kept)
    kept = fit.close
  }
  if (!fit || fit.agreeing <= MIN_AGREEING || fit.noise >= MAX_NOISE) return undefined
  return { colour: fit.colour, noise: fit.noise, ring }
}

interface Fit {
  colour: Lab
  noise: number
  agreeing: number
  close: Uint32Array
}

function fitOnce(lab: Lab, ring: Uint32Array, kept: Uint32Array): Fit {
  const terms = termsAt(kept, lab.l.width, lab.l.height)
  const colour = mapLab(lab, (channel) => fitSurface(channel, kept, terms))
  const residuals = new Float32Array(ring.length)
  for (let k = 0; k < ring.length; k++) residuals[k] = distance(lab, colour, indexAt(ring, k))
  const sorted = residuals.toSorted()
  const noise = Math.max(0.6, at(sorted, sorted.length >> 1) * 1.2)
  const limit = Math.max(3, 2.5 * noise)
  return {
    colour,
    noise,
    agreeing: residuals.reduce((count, residual) => (residual < AGREES ? count + 1 : count), 0) / ring.length,
    close: ring.filter((_, i) => at(residuals, i) < limit),
  }
}

function distance(one: Lab, other: Lab, p: number): number {
  const dl = at(one.l.data, p) - at(other.l.data, p)
  const da = at(one.a.data, p) - at(other.a.data, p)
  const db = at(one.b.data, p) - at(other.b.data, p)
  return Math.sqrt(dl * dl + da * da + db * db)
}

function ringPixels(width: number, height: number): Uint32Array {
  const border = Math.max(2, Math.round(Math.min(width, height) * RING))
  const pixels: number[] = []
  for (let y = 0; y < height; y++) {
    const whole = y < border || y >= height - border
    for (let x = 0; x < width; x++) {
      if (whole || x < border || x >= width - border) pixels.push(y * width + x)
    }
  }
  return Uint32Array.from(pixels)
}

/** Curvature is damped more than slope, so that a one-sided border does not distort the middle. */
const DAMPING = [1e-5, 1e-5, 1e-5, 1e-3, 1e-3, 1e-3]

/** Constant, slopes and curvatures at u, v from -1 to 1. */
function termsAt(pixels: Uint32Array, width: number, height: number): Float32Array {
  const terms = new Float32Array(pixels.length * DAMPING.length)
  for (let k = 0, t = 0; k < pixels.length; k++) {
    const p = indexAt(pixels, k)
    const u = ((p % width) / width) * 2 - 1
    const v = (Math.floor(p / width) / height) * 2 - 1
    terms[t++] = 1
    terms[t++] = u
    terms[t++] = v
    terms[t++] = u * v
    terms[t++] = u * u
    terms[t++] = v * v
  }
  return terms
}

function fitSurface(channel: Plane, pixels: Uint32Array, terms: Float32Array): Plane {
  const { data, width, height } = channel
  const values = new Float32Array(pixels.length)
  for (let k = 0; k < pixels.length; k++) values[k] = at(data, indexAt(pixels, k))
  const [c = 0, cu = 0, cv = 0, cuv = 0, cuu = 0, cvv = 0] = solveLeastSquares(terms, values)
  const surface = createPlane(width, height)
  for (let y = 0, i = 0; y < height; y++) {
    const v = (y / height) * 2 - 1
    for (let x = 0; x < width; x++, i++) {
      const u = (x / width) * 2 - 1
      surface.data[i] = c + cu * u + cv * v + cuv * u * v + cuu * u * u + cvv * v * v
    }
  }
  return surface
}

/**
 * Coefficients of the terms that bring their sum closest to the values, one for each pixel. Damping is added to the
 * diagonal of the normal equations, times the number of pixels, so that they can be solved.
 */
function solveLeastSquares(terms: Float32Array, values: Float32Array): number[] {
  const size = DAMPING.length
  const matrix = DAMPING.map(() => Array.from({ length: size + 1 }, () => 0))
  matrix.forEach((line, i) => {
    for (let j = i; j < size; j++) line[j] = dot(terms, i, terms, j, size)
    for (let j = 0; j < i; j++) line[j] = entry(matrix[j], i)
    line[size] = dotValues(terms, i, values, size)
  })
  DAMPING.forEach((factor, i) => {
    const line = matrix[i]
    if (line) line[i] = entry(line, i) + factor * values.length
  })
  matrix.forEach((_, column) => eliminate(matrix, column))
  return matrix.map((line, i) => entry(line, size) / entry(line, i))
}

function dot(one: Float32Array, i: number, other: Float32Array, j: number, size: number): number {
  let total = 0
  for (let k = 0; k < one.length; k += size) total += at(one, k + i) * at(other, k + j)
  return total
}

function dotValues(terms: Float32Array, i: number, values: Float32Array, size: number): number {
  let total = 0
  for (let k = 0; k < values.length; k++) total += at(terms, k * size + i) * at(values, k)
  return total
}

/** Gauss–Jordan step: brings the largest pivot up and clears its column in all other lines. */
function eliminate(matrix: number[][], column: number): void {
  let best = column
  for (let i = column + 1; i < matrix.length; i++) {
    if (Math.abs(entry(matrix[i], column)) > Math.abs(entry(matrix[best], column))) best = i
  }
  const pivot = matrix[best] ?? []
  matrix[best] = matrix[column] ?? []
  matrix[column] = pivot
  matrix.forEach((line, i) => {
    if (i === column) return
    const scale = entry(line, column) / entry(pivot, column)
    pivot.forEach((value, j) => (line[j] = entry(line, j) - scale * value))
  })
}

function entry(list: number[] | undefined, i: number): number {
  return list?.[i] ?? 0
}
