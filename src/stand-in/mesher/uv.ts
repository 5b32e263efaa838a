import { PADDING } from './level-set.ts'
import { SIDE } from './mesh.ts'
import type { ShadedMesh } from './mesh.ts'
import { at, byteAt, clamp } from './plane.ts'

/** Where one axis of the picture plane (0 to 1 over the crop) lies in the texture. */
export interface Axis {
  start: number
  end: number
  /** Texture coordinates stay in here, or a part of the texture would show its neighbour. */
  min: number
  max: number
}

/** Where the front and the back of a model are in its texture. */
export interface TextureLayout {
  front: { u: Axis; v: Axis }
  back: { u: Axis; v: Axis }
}

export const WHOLE_AXIS: Axis = { start: 0, end: 1, min: 0, max: 1 }

/** How far into the object the flanks reach for their colour, in pixels: the outline itself is half backdrop. */
const INSET = 2.5

/** Projects the texture along Z. `width` and `height` are of the grid, padding included. */
export function project(
  mesh: ShadedMesh,
  layout: TextureLayout,
  grid: { width: number; height: number },
): Float32Array {
  const { positions, normals, sides } = mesh
  const uvs = new Float32Array(sides.length * 2)
  for (let vertex = 0; vertex < sides.length; vertex++) {
    const p = 3 * vertex
    const inset = INSET * (1 - Math.abs(at(normals, p + 2)))
    const x = at(positions, p) - at(normals, p) * inset
    const y = at(positions, p + 1) - at(normals, p + 1) * inset
    const { u, v } = byteAt(sides, vertex) === SIDE.back ? layout.back : layout.front
    uvs[2 * vertex] = along(u, (x - PADDING + 0.5) / (grid.width - 2 * PADDING))
    uvs[2 * vertex + 1] = along(v, (-y - PADDING + 0.5) / (grid.height - 2 * PADDING))
  }
  return uvs
}

function along({ start, end, min, max }: Axis, share: number): number {
  return clamp(start + (end - start) * share, min, max)
}
