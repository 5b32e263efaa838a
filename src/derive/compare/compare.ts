import type { Vec3 } from '../../glb/facts.ts'
import { MeshyError } from '../../system/errors.ts'
import type { Snapshot } from './snapshot.ts'
import type { Accessor, Document, Primitive } from '@gltf-transform/core'

/** What a step changed on purpose. Anything that it does not name must be as before. */
export interface Changes extends Partial<Snapshot> {
  /** The allowed deviation of the box, as a fraction of the model's size. @default 0.005 */
  tolerance?: number | undefined
}

const TOLERANCE = 0.005
/** Codecs drop triangles without area; few models have none. */
const LOST_TRIANGLES = 0.005

/**
 * Compares a model with what it was before a step.
 *
 * @throws {MeshyError} MESHY_DERIVE_WRONG naming the step and the numbers
 */
export function compare(
  step: string,
  { before, after, changes = {} }: { before: Snapshot; after: Snapshot; changes?: Changes | undefined },
): void {
  const expected: Snapshot = { ...before, ...changes }
  const allowance = (changes.tolerance ?? TOLERANCE) * Math.max(...expected.bounds.size)
  const fault =
    boundsFault(expected, after, allowance) ??
    countFault(expected, after) ??
    namesFault(expected, after) ??
    placesFault(expected, after, allowance)
  if (fault === undefined) return
  throw new MeshyError('MESHY_DERIVE_WRONG', {
    message: `\`${step}\` changed the model in a way that it must not: ${fault}.`,
    hint: 'Remove that step, and report it together with the model. Its result was discarded.',
    details: { step, fault },
  })
}

function boundsFault(expected: Snapshot, after: Snapshot, allowance: number): string | undefined {
  const corners = (['min', 'max'] as const).flatMap((corner) =>
    after.bounds[corner].map((value, axis) => Math.abs(value - (expected.bounds[corner][axis] ?? 0))),
  )
  // NaN is not below the allowance either.
  if (corners.every((distance) => distance <= allowance)) return undefined
  return `its bounding box is ${boxText(after)}, expected ${boxText(expected)}`
}

function boxText({ bounds }: Snapshot): string {
  const [x, y, z] = bounds.size.map((value) => Number(value.toPrecision(4)))
  const [left, bottom, back] = bounds.min.map((value) => Number(value.toPrecision(4)))
  return `${x} × ${y} × ${z} from (${left}, ${bottom}, ${back})`
}

function countFault(expected: Snapshot, after: Snapshot): string | undefined {
  const least = Math.floor(expected.triangles * (1 - LOST_TRIANGLES))
  if (after.triangles > expected.triangles || after.triangles < least) {
    return `it has ${after.triangles} triangles, expected ${expected.triangles}`
  }
  if (after.others === expected.others) return undefined
  return `it draws ${after.others} vertices as points and lines, expected ${expected.others}`
}

function namesFault(expected: Snapshot, after: Snapshot): string | undefined {
  const left = new Map<string, number>()
  for (const name of after.names) left.set(name, (left.get(name) ?? 0) + 1)
  const lost = expected.names.filter((name) => {
    const count = left.get(name) ?? 0
    left.set(name, count - 1)
    return count <= 0
  })
  if (lost.length === 0) return undefined
  return `${lost.length} of ${expected.names.length} things that code can look up by name are gone; the first is: ${lost[0]}`
}

/** Several nodes may have the same name: each place is taken by one of them. */
function placesFault(expected: Snapshot, after: Snapshot, allowance: number): string | undefined {
  const left = new Map<string, Vec3[]>()
  for (const { name, at } of after.places) {
    const places = left.get(name) ?? []
    places.push(at)
    left.set(name, places)
  }
  const isNear = (a: Vec3, b: Vec3) =>
    a.every((value, axis) => Math.abs(value - (b[axis] ?? NaN)) <= allowance)
  for (const { name, at } of expected.places) {
    const places = left.get(name) ?? []
    const found = places.findIndex((place) => isNear(place, at))
    const [wrong] = places
    if (found < 0 && wrong) return `the node \`${name}\` is at ${pointText(wrong)}, expected ${pointText(at)}`
    if (found >= 0) places.splice(found, 1)
  }
  return undefined
}

function pointText(at: Vec3): string {
  return `(${at.map((value) => Number(value.toPrecision(4))).join(', ')})`
}

/** Why a document is not a complete model that viewers can show; undefined if it is one. */
export function faultOf(document: Document): string | undefined {
  const root = document.getRoot()
  for (const mesh of root.listMeshes()) {
    for (const primitive of mesh.listPrimitives()) {
      const fault = primitiveFault(primitive)
      if (fault) return `the mesh \`${mesh.getName()}\` ${fault}`
    }
  }
  return skinFault(document) ?? clipFault(document)
}

function primitiveFault(primitive: Primitive): string | undefined {
  const positions = primitive.getAttribute('POSITION')
  if (!positions) return undefined
  const count = positions.getCount()
  const odd = attributesOf(primitive).find((attribute) => attribute.getCount() !== count)
  if (odd) return `has ${count} positions, but ${odd.getCount()} values of another attribute`
  if (!everyFinite(positions)) return 'has a position that is not a finite number'
  const last = largest(primitive.getIndices())
  return last >= count ? `refers to vertex ${last}, but has only ${count} vertices` : undefined
}

function attributesOf(primitive: Primitive): Accessor[] {
  return [primitive, ...primitive.listTargets()].flatMap((owner) => owner.listAttributes())
}

function everyFinite(accessor: Accessor): boolean {
  return accessor.getArray()?.every(Number.isFinite) ?? false
}

function largest(indices: Accessor | null): number {
  let found = -1
  for (const index of indices?.getArray() ?? []) if (index > found) found = index
  return found
}

function skinFault(document: Document): string | undefined {
  for (const node of document.getRoot().listNodes()) {
    const joints = node.getSkin()?.listJoints().length ?? Infinity
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      const named = largest(primitive.getAttribute('JOINTS_0'))
      if (named >= joints)
        return `the node \`${node.getName()}\` refers to joint ${named}, but its skin has only ${joints} joints`
    }
  }
  return undefined
}

function clipFault(document: Document): string | undefined {
  for (const animation of document.getRoot().listAnimations()) {
    const empty = animation
      .listSamplers()
      .some((sampler) => !sampler.getInput()?.getCount() || !sampler.getOutput())
    if (empty) return `the clip \`${animation.getName()}\` has a sampler without keys`
  }
  return undefined
}
