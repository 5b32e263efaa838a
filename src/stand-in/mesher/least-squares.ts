import { at } from './plane.ts'

/** A sum of terms that is fitted to values. */
export interface Fitting {
  /** Values of the terms for each sample, one sample after the other. */
  terms: Float32Array
  /** One value for each sample. */
  values: Float32Array
  /** Added to the diagonal of the normal equations, per term and times the number of samples, so that they can be solved. */
  damping: number[]
}

/** Coefficients of the terms that bring their sum closest to the values. */
export function solveLeastSquares({ terms, values, damping }: Fitting): number[] {
  const size = damping.length
  const matrix = damping.map(() => Array.from({ length: size + 1 }, () => 0))
  matrix.forEach((line, i) => {
    for (let j = i; j < size; j++) line[j] = dot(terms, i, terms, j, size)
    for (let j = 0; j < i; j++) line[j] = entry(matrix[j], i)
    line[size] = dotValues(terms, i, values, size)
  })
  damping.forEach((factor, i) => {
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
