import { localMatrix, multiply } from './matrix.ts'
import type { Matrix } from './matrix.ts'
import { readNumbers, type Numbers } from './numbers.ts'
import type { Glb, GltfNode } from './gltf.ts'
import { pick } from './scene.ts'
import { z } from 'zod'

const instancing = z.looseObject({
  EXT_mesh_gpu_instancing: z.looseObject({ attributes: z.record(z.string(), z.int().min(0)) }),
})

/** How often a node shows its mesh, by EXT_mesh_gpu_instancing. */
export interface Instances {
  count: number
  /** From each instance to the node; nothing where that is compressed. */
  matrices: Matrix[]
}

/** Undefined for a node that shows its mesh once, where it is itself. */
export function instancesOf(glb: Glb, { extensions }: GltfNode): Instances | undefined {
  const parsed = instancing.safeParse(extensions)
  if (!parsed.success) return undefined
  const { attributes } = parsed.data.EXT_mesh_gpu_instancing
  const { TRANSLATION, ROTATION, SCALE } = attributes
  const accessors = Object.values(attributes).map((index) => pick(glb.json.accessors, index, 'accessors'))
  const count = accessors.reduce((most, accessor) => Math.max(most, accessor?.count ?? 0), 0)
  const read = (index: number | undefined) => {
    const accessor = pick(glb.json.accessors, index, 'accessors')
    return accessor && readNumbers(glb, accessor)
  }
  const [translations, rotations, scales] = [TRANSLATION, ROTATION, SCALE].map(read)
  const known = Math.max(...[translations, rotations, scales].map((numbers) => numbers?.count ?? 0))
  const matrices = Array.from({ length: known }, (_, index) =>
    localMatrix({
      translation: vector(translations, index, 3),
      rotation: vector(rotations, index, 4),
      scale: vector(scales, index, 3),
    } as GltfNode),
  )
  return { count, matrices }
}

/** Where a node shows its mesh, from the mesh to the scene. */
export function shownAt(matrix: Matrix, instances: Instances | undefined): Matrix[] {
  if (!instances || (instances.count > 0 && instances.matrices.length === 0)) return [matrix]
  return instances.matrices.map((instance) => multiply(matrix, instance))
}

function vector(numbers: Numbers | undefined, index: number, width: number): number[] | undefined {
  if (!numbers || numbers.width !== width || index >= numbers.count) return undefined
  return [...numbers.values.subarray(index * width, (index + 1) * width)]
}
