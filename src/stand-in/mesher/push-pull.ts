import { at, createPlane, type Plane } from './plane.ts'
import type { Colours } from './colour.ts'

/**
 * Spreads known colours smoothly over the pixels where none is known.
 *
 * 1. Push: halve again and again, averaging what is known, until one pixel is left.
 * 2. Pull: going back up, fill what is unknown from the coarser level.
 *
 * `known` weighs each pixel from 0 (unknown) to 1.
 */
export function spreadColours(colours: Colours, known: Plane): Colours {
  const levels = [finest(colours, known)]
  for (let level = levels[0]; level && (level.width > 1 || level.height > 1);) {
    level = coarser(level)
    levels.push(level)
  }
  levels.reduceRight((below, level) => {
    fillFrom(below, level)
    return level
  })
  return levels[0] ?? colours
}

interface Level extends Colours {
  /** Colours are multiplied by this weight; at most 1. */
  readonly weight: Float32Array
}

function finest({ data, width, height }: Colours, known: Plane): Level {
  const weighted = new Float32Array(data.length)
  for (let i = 0, c = 0; c < data.length; i++, c += 3) {
    const weight = at(known.data, i)
    weighted[c] = at(data, c) * weight
    weighted[c + 1] = at(data, c + 1) * weight
    weighted[c + 2] = at(data, c + 2) * weight
  }
  return { data: weighted, weight: known.data, width, height }
}

function coarser({ data, weight, width, height }: Level): Level {
  const half = createPlane((width + 1) >> 1, (height + 1) >> 1)
  const total = new Float32Array(half.data.length * 3)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const w = at(weight, i)
      if (w === 0) continue
      const p = (y >> 1) * half.width + (x >> 1)
      half.data[p] = at(half.data, p) + w
      addColour(total, 3 * p, data, 3 * i)
    }
  }
  limitWeights(total, half.data)
  return { data: total, weight: half.data, width: half.width, height: half.height }
}

function addColour(to: Float32Array, t: number, from: Float32Array, f: number): void {
  to[t] = at(to, t) + at(from, f)
  to[t + 1] = at(to, t + 1) + at(from, f + 1)
  to[t + 2] = at(to, t + 2) + at(from, f + 2)
}

function limitWeights(data: Float32Array, weight: Float32Array): void {
  for (let i = 0, c = 0; i < weight.length; i++, c += 3) {
    const w = at(weight, i)
    if (w <= 1) continue
    data[c] = at(data, c) / w
    data[c + 1] = at(data, c + 1) / w
    data[c + 2] = at(data, c + 2) / w
    weight[i] = 1
  }
}

/** Fills up to full weight, bilinearly from the coarser level. */
function fillFrom(coarse: Colours, level: Level): void {
  const { data, weight, width, height } = level
  for (let y = 0, i = 0; y < height; y++) {
    const v = Math.max(0, (y - 0.5) / 2)
    const row = Math.floor(v)
    const upper = row * coarse.width
    const lower = Math.min(row + 1, coarse.height - 1) * coarse.width
    for (let x = 0; x < width; x++, i++) {
      const missing = 1 - at(weight, i)
      if (missing <= 0) continue
      const u = Math.max(0, (x - 0.5) / 2)
      const left = Math.floor(u)
      const right = Math.min(left + 1, coarse.width - 1)
      const fx = u - left
      const bottom = missing * (v - row)
      const top = missing - bottom
      addWeighted(data, 3 * i, coarse.data, 3 * (upper + left), top * (1 - fx))
      addWeighted(data, 3 * i, coarse.data, 3 * (upper + right), top * fx)
      addWeighted(data, 3 * i, coarse.data, 3 * (lower + left), bottom * (1 - fx))
      addWeighted(data, 3 * i, coarse.data, 3 * (lower + right), bottom * fx)
    }
  }
}

function addWeighted(to: Float32Array, t: number, from: Float32Array, f: number, weight: number): void {
  to[t] = at(to, t) + weight * at(from, f)
  to[t + 1] = at(to, t + 1) + weight * at(from, f + 1)
  to[t + 2] = at(to, t + 2) + weight * at(from, f + 2)
}
