import { mapLab } from './colour.ts'
import type { Lab } from './colour.ts'
import { at, createPlane, indexAt } from './plane.ts'
import type { Plane } from './plane.ts'
import { solveLeastSquares } from './least-squares.ts'

/** A plain backdrop: its colour everywhere, as fitted to the border of the picture. */
export interface BackdropFit {
  colour: Lab
  /** How far the border strays from the fit, in Lab units. */
  noise: number
  /** The pixels near the border of the picture. */
  ring: Uint32Array
}

/** Share of the shorter side that counts as border. */
const RING = 0.025
const ROUNDS = 3
/** Lab distance within which a pixel of the ring agrees with the fit. */
const AGREES = 7
const MIN_AGREEING = 0.85
const MAX_NOISE = 3.5
const MIN_PIXELS = 40

/**
 * Fits a quadratic surface per Lab channel to the border, leaving outliers out, round by round.
 *
 * Returns `undefined` when the border is no plain backdrop: too much of it disagrees, or it is too noisy.
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

/** Curvature is damped more than slope, so that a one-sided border does not bend the middle away. */
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
  const coefficients = solveLeastSquares({ terms, values, damping: DAMPING })
  const [c = 0, cu = 0, cv = 0, cuv = 0, cuu = 0, cvv = 0] = coefficients
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
