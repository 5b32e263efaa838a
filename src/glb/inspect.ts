import { FACTS_REVISION, type Facts, type Vec3 } from './facts.ts'
import { readGlb } from './read.ts'
import { IDENTITY, type Matrix, transform } from './matrix.ts'
import type { Glb, GltfAccessor, GltfMesh, GltfPrimitive } from './gltf.ts'
import {
  pick,
  type PlacedNode,
  RestPose,
  walkScene,
  instancesOf,
  shownAt,
  type Bones,
  jointMatrices,
  skinned,
  readBones,
  readShape,
} from './scene.ts'
import { invalidNumbers, COMPONENTS } from './numbers.ts'

/**
 * Facts about a GLB: what its default scene draws. Every mesh counts as often as nodes and instances show it, in the
 * rest pose, vertex by vertex. Compressed positions are replaced by their bounding boxes; if they are skinned, all of
 * their joints move the box.
 *
 * Throws `MESHY_GLB_INVALID` if the file is broken, or has positions that are not finite numbers.
 */
export function inspectGlb(bytes: Uint8Array): Facts {
  const glb = readGlb(bytes)
  const { materials = [], textures = [], animations = [] } = glb.json
  const measurer = new Measurer(glb)
  for (const placed of walkScene(glb.json)) measurer.addNode(placed)
  return {
    ...measurer.finish(),
    materials: materials.length,
    textures: textures.length,
    animations: animations.length,
    revision: FACTS_REVISION,
  }
}

/** A primitive, and where a node shows it. */
interface Shown {
  primitive: GltfPrimitive
  positions: GltfAccessor
  weights: readonly number[]
  places: readonly Matrix[]
  /** Set for a skinned primitive: the places of its joints. */
  joints: readonly Matrix[] | undefined
}

class Measurer {
  readonly #glb: Glb
  readonly #pose: RestPose
  readonly #bounds = new BoundsBuilder()
  readonly #work = new Work()
  readonly #joints = new Map<number, Matrix[] | undefined>()
  #triangles = 0
  #vertices = 0

  constructor(glb: Glb) {
    this.#glb = glb
    this.#pose = new RestPose(glb.json)
  }

  addNode({ node, matrix }: PlacedNode): void {
    const { json } = this.#glb
    const mesh: GltfMesh | undefined = pick(json.meshes, node.mesh, 'meshes')
    if (!mesh) return
    const instances = instancesOf(this.#glb, node)
    const places = shownAt(matrix, instances)
    const joints = node.skin === undefined || instances ? undefined : this.#jointsOf(node.skin)
    const weights = node.weights ?? mesh.weights ?? []
    for (const primitive of mesh.primitives) {
      const positions = pick(json.accessors, primitive.attributes['POSITION'], 'accessors')
      if (!positions || positions.count === 0) continue
      const indices = pick(json.accessors, primitive.indices, 'accessors')
      const times = instances?.count ?? 1
      this.#triangles += countTriangles(primitive, indices ?? positions) * times
      this.#vertices += positions.count * times
      this.#addPoints({ primitive, positions, weights, places, joints })
    }
  }

  finish(): Pick<Facts, 'triangles' | 'vertices' | 'bounds'> {
    return { triangles: this.#triangles, vertices: this.#vertices, bounds: this.#bounds.finish() }
  }

  #jointsOf(index: number): Matrix[] | undefined {
    const known = this.#joints.get(index)
    if (known) return known
    const skin = pick(this.#glb.json.skins, index, 'skins')
    const matrices = skin && jointMatrices(this.#glb, skin, this.#pose)
    this.#joints.set(index, matrices)
    return matrices
  }

  #addPoints(shown: Shown): void {
    const { positions, primitive, joints } = shown
    const points = this.#read(shown)
    const bones = points && joints && readBones(this.#glb, primitive)
    if (points && joints && bones && isWhole(bones, points)) {
      this.#bounds.addAll(skinned(points, bones, joints), IDENTITY)
      return
    }
    // A skinned primitive without readable weights may be attached to any of its joints.
    const hangs = primitive.attributes['JOINTS_0'] !== undefined
    this.#addTo((hangs && joints) || shown.places, points ?? cornersOf(positions))
  }

  /** Reading is work too. */
  #read({ primitive, positions, weights }: Shown): Float32Array | undefined {
    const { targets = [] } = primitive
    const isAffordable = this.#work.affords(positions.count * (1 + targets.length))
    return isAffordable ? readShape(this.#glb, primitive, weights) : undefined
  }

  #addTo(places: readonly Matrix[], points: ArrayLike<number>): void {
    const exact = this.#work.affords((points.length / 3) * (places.length - 1))
    const added = exact || !(points instanceof Float32Array) ? points : boxOf(points)
    if (!(added instanceof Float32Array)) this.#work.addBoxes(places.length)
    for (const place of places) this.#bounds.addAll(added, place)
  }
}

/** Whether every vertex has joints and weights. */
function isWhole({ joints, weights }: Bones, points: Float32Array): boolean {
  return Math.min(joints.count, weights.count) * 3 >= points.length
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

/** The most vertices that are followed one by one, however often nodes and instances show them: about a second. */
const MAX_VERTICES = 4_000_000
/** The most boxes that stand for them after that. */
const MAX_BOXES = 500_000

/** A budget for measuring a model: a small file can show its mesh a million times. */
class Work {
  #vertices = MAX_VERTICES
  #boxes = MAX_BOXES

  /** Whether that many more vertices can be followed; if so, they are counted. */
  affords(vertices: number): boolean {
    if (vertices > this.#vertices) return false
    this.#vertices -= vertices
    return true
  }

  /** @throws {MeshyError} MESHY_GLB_INVALID if a model shows more than anyone could draw */
  addBoxes(count: number): void {
    this.#boxes -= count
    if (this.#boxes < 0) throw invalidNumbers(`it shows more than ${MAX_BOXES} meshes`)
  }
}

/** The box around everything added so far. */
export class BoundsBuilder {
  readonly #min: Vec3 = [Infinity, Infinity, Infinity]
  readonly #max: Vec3 = [-Infinity, -Infinity, -Infinity]

  add([x, y, z]: Vec3): void {
    // The sum is finite if each of them is, except for an overflow that no model has.
    if (!Number.isFinite(x + y + z)) throw invalidNumbers('it has a position that is not a finite number')
    const [min, max] = [this.#min, this.#max]
    if (x < min[0]) min[0] = x
    if (y < min[1]) min[1] = y
    if (z < min[2]) min[2] = z
    if (x > max[0]) max[0] = x
    if (y > max[1]) max[1] = y
    if (z > max[2]) max[2] = z
  }

  /** Adds points, three numbers each, transformed by a matrix. */
  addAll(points: ArrayLike<number>, matrix: Matrix): void {
    for (let at = 0; at + 2 < points.length; at += 3) {
      const point: Vec3 = [points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0]
      this.add(transform(matrix, point))
    }
  }

  /** All zero when nothing was added: a scene may be empty. */
  finish(): Facts['bounds'] {
    if (this.#min[0] === Infinity) return { min: [0, 0, 0], max: [0, 0, 0], size: [0, 0, 0] }
    const [min, max] = [this.#min, this.#max]
    const size: Vec3 = [max[0] - min[0], max[1] - min[1], max[2] - min[2]]
    // Twice the largest number is none. No record holds that, and what is paid for must be recorded.
    if (!size.every(Number.isFinite)) throw invalidNumbers('it is larger than any finite number')
    return { min: rounded(min), max: rounded(max), size: rounded(size) }
  }
}

/** A 32-bit float holds only seven digits; more would be noise in a committed file. */
function rounded(vector: Vec3): Vec3 {
  const [x, y, z] = vector.map((value) => Number(value.toPrecision(7)) + 0)
  return [x ?? 0, y ?? 0, z ?? 0]
}

/** The eight corners of the box that the file declares for positions that cannot be read. */
function cornersOf(accessor: GltfAccessor): number[] {
  const { min, max, componentType, normalized } = accessor
  if (!min || !max)
    throw invalidNumbers('its positions have neither `min` and `max` nor readable plain numbers')
  const scale = normalized ? 1 / (COMPONENTS[componentType]?.one ?? 1) : 1
  return Array.from({ length: 24 }, (_, at) => {
    const axis = at % 3
    const end = (Math.floor(at / 3) >> axis) & 1 ? max : min
    return (end[axis] ?? NaN) * scale
  })
}

/** The same for points that were read, if there are too many places to transform them to. */
function boxOf(points: Float32Array): number[] {
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
