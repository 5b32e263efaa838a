import { MeshyError } from '../errors.ts'
import { addPositions, BoundsBuilder } from './bounds.ts'
import type { Facts } from './facts.ts'
import { IDENTITY, localMatrix, multiply } from './matrix.ts'
import type { Matrix } from './matrix.ts'
import { readGlb } from './read.ts'
import type { Glb, GltfAccessor, GltfDocument, GltfPrimitive } from './read.ts'

/**
 * Facts about a GLB: what its default scene draws, each mesh counted as often as nodes show it.
 *
 * Throws `MESHY_GLB_INVALID` when the file is broken, or has positions that are no finite numbers.
 */
export function inspectGlb(bytes: Uint8Array): Facts {
  const glb = readGlb(bytes)
  const { materials = [], textures = [], animations = [] } = glb.json
  return {
    ...measureScene(glb),
    materials: materials.length,
    textures: textures.length,
    animations: animations.length,
  }
}

function measureScene(glb: Glb): Pick<Facts, 'triangles' | 'vertices' | 'bounds'> {
  const { accessors } = glb.json
  const bounds = new BoundsBuilder()
  let triangles = 0
  let vertices = 0
  for (const { primitive, matrix } of drawnPrimitives(glb.json)) {
    const positions = pick(accessors, primitive.attributes.POSITION, 'accessors')
    if (!positions || positions.count === 0) continue
    const indices = pick(accessors, primitive.indices, 'accessors')
    triangles += countTriangles(primitive, indices ?? positions)
    vertices += positions.count
    addPositions(bounds, glb, positions, matrix)
  }
  return { triangles, vertices, bounds: bounds.finish() }
}

interface Drawn {
  primitive: GltfPrimitive
  matrix: Matrix
}

/** Walks the nodes of the default scene. A node that is met twice would be a loop, which glTF forbids. */
function* drawnPrimitives(json: GltfDocument): Generator<Drawn> {
  const seen = new Set<number>()
  const waiting = rootNodes(json).map((index) => ({ index, parent: IDENTITY }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = pick(json.nodes, next.index, 'nodes')
    if (!node || seen.has(next.index)) throw invalid(`node \`${next.index}\` has two parents`)
    seen.add(next.index)
    const matrix = multiply(next.parent, localMatrix(node))
    const mesh = pick(json.meshes, node.mesh, 'meshes')
    for (const primitive of mesh?.primitives ?? []) yield { primitive, matrix }
    for (const index of node.children ?? []) waiting.push({ index, parent: matrix })
  }
}

/** The nodes of the default scene; a file without scenes shows every node that is nobody's child. */
function rootNodes(json: GltfDocument): number[] {
  if (json.scenes?.length) return pick(json.scenes, json.scene ?? 0, 'scenes')?.nodes ?? []
  const children = new Set(json.nodes?.flatMap((node) => node.children ?? []))
  return (json.nodes ?? []).map((_, index) => index).filter((index) => !children.has(index))
}

const TRIANGLES = 4
const TRIANGLE_STRIP = 5
const TRIANGLE_FAN = 6

function countTriangles(primitive: GltfPrimitive, { count }: GltfAccessor): number {
  const mode = primitive.mode ?? TRIANGLES
  if (mode === TRIANGLES) return Math.floor(count / 3)
  if (mode === TRIANGLE_STRIP || mode === TRIANGLE_FAN) return Math.max(0, count - 2)
  return 0
}

function pick<T>(list: T[] | undefined, index: number | undefined, name: string): T | undefined {
  if (index === undefined) return undefined
  const found = list?.[index]
  if (found === undefined) throw invalid(`it names \`${name}[${index}]\`, which does not exist`)
  return found
}

function invalid(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The model cannot be inspected: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}
