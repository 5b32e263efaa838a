import { readGlb } from '../../../src/glb/read.ts'

/** Triangles of a GLB of the mesher. */
export interface Surface {
  positions: Float32Array
  indices: Uint32Array
  /** Empty without a texture. */
  uvs: Float32Array
}

/** Reads the only primitive of a GLB. */
export function readSurface(glb: Uint8Array): Surface {
  const { json, bin } = readGlb(glb)
  const accessor = (number = -1) => {
    const { bufferView = -1, componentType } = json.accessors?.[number] ?? { componentType: 0 }
    const { byteOffset = 0, byteLength } = json.bufferViews?.[bufferView] ?? { byteLength: 0 }
    return { componentType, buffer: bin.slice(byteOffset, byteOffset + byteLength).buffer }
  }
  const primitive = json.meshes?.[0]?.primitives[0]
  const indices = accessor(primitive?.indices)
  const isShort = indices.componentType === 5123
  return {
    positions: new Float32Array(accessor(primitive?.attributes['POSITION']).buffer),
    uvs: new Float32Array(accessor(primitive?.attributes['TEXCOORD_0']).buffer),
    indices: Uint32Array.from(isShort ? new Uint16Array(indices.buffer) : new Uint32Array(indices.buffer)),
  }
}

/** Edges, by positions, that are not used by two triangles in opposite directions; and triangles without an area. */
export function countDefects({ positions, indices }: Omit<Surface, 'uvs'>): {
  edges: number
  degenerate: number
} {
  const places = new Map<string, number>()
  const place = Uint32Array.from({ length: positions.length / 3 }, (_, vertex) => {
    const key = positions.subarray(3 * vertex, 3 * vertex + 3).join()
    const known = places.get(key) ?? places.size
    places.set(key, known)
    return known
  })
  const uses = new Map<number, number>()
  const edgeOf = (from: number, to: number) => from * places.size + to
  let degenerate = 0
  for (let i = 0; i < indices.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [0, 1, 2].map((k) => place[indices[i + k] ?? 0])
    if (a === b || b === c || c === a) degenerate++
    for (const edge of [edgeOf(a, b), edgeOf(b, c), edgeOf(c, a)]) uses.set(edge, (uses.get(edge) ?? 0) + 1)
  }
  const isPaired = (edge: number): boolean => {
    const [from, to] = [Math.floor(edge / places.size), edge % places.size]
    return uses.get(edge) === 1 && uses.get(edgeOf(to, from)) === 1
  }
  return { edges: [...uses.keys()].filter((edge) => !isPaired(edge)).length, degenerate }
}

/** Volume inside of the surface: above zero when its triangles face outwards. */
export function volumeOf({ positions, indices }: Omit<Surface, 'uvs'>): number {
  const corner = (i: number): [number, number, number] => {
    const [x = 0, y = 0, z = 0] = positions.subarray(3 * (indices[i] ?? 0), 3 * (indices[i] ?? 0) + 3)
    return [x, y, z]
  }
  let volume = 0
  for (let i = 0; i < indices.length; i += 3) {
    const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = [corner(i), corner(i + 1), corner(i + 2)]
    volume += (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 6
  }
  return volume
}
