import { at } from './plane.ts'
import type { Plane } from './plane.ts'

/** A corner of a polygon: a grid point inside, or the outline crossing the grid line that starts at a point. */
export interface Station {
  at: 'point' | 'across' | 'down'
  /** The grid point, or the left or upper one of the line. */
  point: number
}

/** The corners of the cell whose upper left point is `cell`, clockwise as seen. */
function cellCorners(cell: number, width: number): [number, number, number, number] {
  return [cell, cell + 1, cell + 1 + width, cell + width]
}

/**
 * The part of a grid cell that is inside of the outline, as up to two polygons, clockwise as seen.
 *
 * Where two opposite corners are inside, the mean level says whether the middle joins them.
 */
export function cellPolygons(levels: Plane, cell: number): Station[][] {
  const corners = cellCorners(cell, levels.width)
  const lines: Station[] = [
    { at: 'across', point: corners[0] },
    { at: 'down', point: corners[1] },
    { at: 'across', point: corners[3] },
    { at: 'down', point: corners[0] },
  ]
  const values = corners.map((corner) => at(levels.data, corner))
  const inside = values.map((value) => value > 0)
  if (isSaddle(inside) && values.reduce((total, value) => total + value, 0) <= 0) {
    return corners.flatMap((point, k) =>
      inside[k] ? [[{ at: 'point', point }, ...pick(lines, k, (k + 3) % 4)]] : [],
    )
  }
  return [
    corners.flatMap((point, k): Station[] => {
      const corner: Station[] = inside[k] ? [{ at: 'point', point }] : []
      return inside[k] === inside[(k + 1) % 4] ? corner : corner.concat(pick(lines, k))
    }),
  ]
}

function isSaddle([first, second, third, fourth]: boolean[]): boolean {
  return first === third && second === fourth && first !== second
}

function pick(lines: Station[], ...numbers: number[]): Station[] {
  return numbers.flatMap((k) => lines[k] ?? [])
}
