import { MeshyError } from '../system/errors.ts'
import { IDENTITY, localMatrix, multiply } from './matrix.ts'
import type { Matrix } from './matrix.ts'
import type { GltfDocument, GltfNode } from './gltf.ts'

export interface PlacedNode {
  node: GltfNode
  /** From the node to the scene. */
  matrix: Matrix
}

/** Walks the nodes of the default scene. A node that is met twice would be a loop, which glTF forbids. */
export function* walkScene(json: GltfDocument): Generator<PlacedNode> {
  const seen = new Set<number>()
  const waiting = rootNodes(json).map((index) => ({ index, parent: IDENTITY }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = pick(json.nodes, next.index, 'nodes')
    if (!node || seen.has(next.index)) throw twoParents(next.index)
    seen.add(next.index)
    const matrix = multiply(next.parent, localMatrix(node))
    yield { node, matrix }
    for (const index of node.children ?? []) waiting.push({ index, parent: matrix })
  }
}

/** The nodes of the default scene; a file without scenes shows every node that is nobody's child. */
function rootNodes(json: GltfDocument): number[] {
  if (json.scenes?.length) return pick(json.scenes, json.scene ?? 0, 'scenes')?.nodes ?? []
  const children = new Set(json.nodes?.flatMap((node) => node.children ?? []))
  return (json.nodes ?? []).map((_, index) => index).filter((index) => !children.has(index))
}

/** Where nodes are in the rest pose, whichever scene shows them: joints may lie anywhere. */
export class RestPose {
  readonly #json: GltfDocument
  readonly #parents = new Map<number, number>()
  readonly #matrices = new Map<number, Matrix>()

  constructor(json: GltfDocument) {
    this.#json = json
    for (const [parent, { children = [] }] of (json.nodes ?? []).entries()) {
      for (const child of children) this.#parents.set(child, parent)
    }
  }

  matrixOf(index: number): Matrix {
    const path: number[] = []
    let at: number | undefined = index
    while (at !== undefined && !this.#matrices.has(at)) {
      path.push(at)
      if (path.length > (this.#json.nodes?.length ?? 0)) throw twoParents(at)
      at = this.#parents.get(at)
    }
    let matrix = (at === undefined ? undefined : this.#matrices.get(at)) ?? IDENTITY
    for (const below of path.toReversed()) {
      const node = pick(this.#json.nodes, below, 'nodes')
      if (node) matrix = multiply(matrix, localMatrix(node))
      this.#matrices.set(below, matrix)
    }
    return matrix
  }
}

export function pick<T>(list: T[] | undefined, index: number | undefined, name: string): T | undefined {
  if (index === undefined) return undefined
  const found = list?.[index]
  if (found === undefined) throw invalid(`it names \`${name}[${index}]\`, which does not exist`)
  return found
}

function twoParents(index: number): MeshyError {
  return invalid(`node \`${index}\` has two parents`)
}

function invalid(reason: string): MeshyError {
  return new MeshyError('MESHY_GLB_INVALID', {
    message: `The model cannot be inspected: ${reason}.`,
    hint: 'Export the model again as GLB 2.0.',
  })
}
