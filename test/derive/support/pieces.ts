export type Place = [u: number, v: number]

export const QUADS = 24

/** A sheet with waves whose quads have their place in the texture by a function, and share vertices within a piece. */
export function pieces(
  pieceOf: (x: number, y: number) => number,
  placeOf: (piece: number, x: number, y: number) => Place,
) {
  const known = new Map<string, number>()
  const [positions, uvs, indices]: [number[], number[], number[]] = [[], [], []]
  const vertex = (piece: number, x: number, y: number): number => {
    const key = [piece, x, y].join()
    const found = known.get(key) ?? known.size
    if (!known.has(key)) {
      positions.push(x / QUADS, y / QUADS, 0.03 * Math.sin(x / 3) * Math.sin(y / 4))
      uvs.push(...placeOf(piece, x, y))
    }
    known.set(key, found)
    return found
  }
  for (let i = 0; i < QUADS * QUADS; i++) {
    const [x, y] = [i % QUADS, Math.floor(i / QUADS)]
    const piece = pieceOf(x, y)
    const [a, b, c, d] = [[x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]].map(([u = 0, v = 0]) => vertex(piece, u, v)) // prettier-ignore
    indices.push(a ?? 0, b ?? 0, d ?? 0, a ?? 0, d ?? 0, c ?? 0)
  }
  const normals = positions.map((_, i) => (i % 3 === 2 ? 1 : 0))
  return {
    positions: new Float32Array(positions),
    normals: new Float32Array(normals),
    uvs: new Float32Array(uvs),
    indices: new Uint16Array(indices),
  }
}

const SIDE = 8

/** The piece of a place of the sheet, where each is three quads wide. */
export const pieceOf = (x: number, y: number): number => Math.floor(x / 3) + SIDE * Math.floor(y / 3)

/** Where a piece is in the texture, which has them in another order, with room between them. */
export function placeOf(piece: number, x: number, y: number): Place {
  const cell = cellOf(piece)
  const inside = [x - 3 * (piece % SIDE), y - 3 * Math.floor(piece / SIDE)].map((at) => 0.1 + 0.8 * (at / 3))
  return [(cell[0] + (inside[0] ?? 0)) / SIDE, (cell[1] + (inside[1] ?? 0)) / SIDE]
}

export function cellOf(piece: number): Place {
  const cell = (piece * 37) % (SIDE * SIDE)
  return [cell % SIDE, Math.floor(cell / SIDE)]
}
