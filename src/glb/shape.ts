import { invalidNumbers } from './invalid-numbers.ts'
import { readNumbers, type Numbers } from './numbers.ts'
import type { Glb, GltfAccessor, GltfPrimitive } from './gltf.ts'
import { pick } from './scene.ts'
import type { Bones } from './skin.ts'

/** The vertices of a primitive as its mesh has them: with its morph targets as they are by default. */
export function readShape(
  glb: Glb,
  { attributes, targets = [] }: GltfPrimitive,
  weights: readonly number[],
): Float32Array | undefined {
  const positions = readAttribute(glb, attributes['POSITION'], 3)
  if (!positions) return undefined
  const points = positions.values
  for (const [index, target] of targets.entries()) {
    const weight = weights[index] ?? 0
    const moves = weight === 0 ? undefined : readAttribute(glb, target['POSITION'], 3)
    if (moves) move(points, moves.values, weight)
  }
  return points
}

function move(points: Float32Array, moves: Float32Array, weight: number): void {
  for (let at = 0; at < points.length; at++) points[at] = (points[at] ?? 0) + (moves[at] ?? 0) * weight
}

/** Undefined where nothing hangs on joints, or what does is compressed. */
export function readBones(glb: Glb, { attributes }: GltfPrimitive): Bones | undefined {
  const joints = readAttribute(glb, attributes['JOINTS_0'], 4)
  const weights = readAttribute(glb, attributes['WEIGHTS_0'], 4)
  return joints && weights && { joints, weights }
}

/** The eight corners of the box that the file tells for positions which cannot be read. */
export function cornersOf(accessor: GltfAccessor): number[] {
  const { min, max, componentType, normalized } = accessor
  if (!min || !max)
    throw invalidNumbers('its positions have neither `min` and `max` nor plain numbers to read')
  const scale = normalized ? 1 / (COMPONENT_MAX[componentType] ?? 1) : 1
  return Array.from({ length: 24 }, (_, at) => {
    const axis = at % 3
    const end = (Math.floor(at / 3) >> axis) & 1 ? max : min
    return (end[axis] ?? NaN) * scale
  })
}

/** The same for points that were read, where there are too many places to follow them to. */
export function boxOf(points: Float32Array): number[] {
  const [min, max] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ]
  for (const [at, value] of points.entries()) {
    const axis = at % 3
    min[axis] = Math.min(min[axis] ?? value, value)
    max[axis] = Math.max(max[axis] ?? value, value)
  }
  return cornersOf({ min, max, componentType: FLOAT, count: 0, type: 'VEC3' })
}

const FLOAT = 5126
const COMPONENT_MAX: Record<number, number> = { 5120: 127, 5121: 255, 5122: 32_767, 5123: 65_535 }

function readAttribute(glb: Glb, index: number | undefined, width: number): Numbers | undefined {
  const accessor = pick(glb.json.accessors, index, 'accessors')
  const numbers = accessor && readNumbers(glb, accessor)
  return numbers && numbers.width === width ? numbers : undefined
}
