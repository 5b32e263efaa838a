/**
 * Coefficients that bring `rows · coefficients` closest to `values`.
 *
 * `damping` times the number of rows is added to the diagonal of the normal equations, per coefficient, so that they
 * always have a solution.
 */
export function solveLeastSquares(rows: number[][], values: number[], damping: number[]): number[] {
  const matrix = damping.map((factor, i) => {
    const line = damping.map((_, j) => rows.reduce((total, row) => total + entry(row, i) * entry(row, j), 0))
    line[i] = entry(line, i) + factor * rows.length
    line.push(rows.reduce((total, row, k) => total + entry(row, i) * entry(values, k), 0))
    return line
  })
  matrix.forEach((_, column) => eliminate(matrix, column))
  return matrix.map((line, i) => entry(line, line.length - 1) / entry(line, i))
}

/** Gauss–Jordan step: brings the largest pivot up and clears its column in all other lines. */
function eliminate(matrix: number[][], column: number): void {
  const size = (line: number[] | undefined): number => Math.abs(line?.[column] ?? 0)
  let best = column
  for (let i = column + 1; i < matrix.length; i++) if (size(matrix[i]) > size(matrix[best])) best = i
  const pivot = matrix[best] ?? []
  matrix[best] = matrix[column] ?? []
  matrix[column] = pivot
  matrix.forEach((line, i) => {
    if (i === column) return
    const scale = entry(line, column) / entry(pivot, column)
    pivot.forEach((value, j) => (line[j] = entry(line, j) - scale * value))
  })
}

function entry(list: number[], i: number): number {
  return list[i] ?? 0
}
