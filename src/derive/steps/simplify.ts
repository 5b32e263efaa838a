import type { Document, Primitive } from '@gltf-transform/core'
import type { Changes } from '../compare/compare.ts'
import { takeSnapshot } from '../compare/snapshot.ts'
import { need, type Tools } from '../libraries.ts'
import { dropNormals, isFlat, restoreNormals } from '../simplify/flat.ts'
import { mendTexture, type Mended } from '../simplify/mend.ts'
import { CLOSE, reduce, type Aim } from '../simplify/reduce.ts'
import { gatherSurface } from '../simplify/surface.ts'
import { writeSurface } from '../simplify/write.ts'
import { primitivesOf } from './prepare.ts'
import type { Step, Work } from './step.ts'

/** What `simplify=auto` may be off, as a part of the model's size. */
const AUTO_ERROR = 0.001
/** Whoever names a number is told when this is passed. */
const TOLD_ERROR = 0.04
/** So much of the surface may have its texture laid anew untold. */
const TOLD_TEXTURE = 0.05
/** The box of a model shrinks by what its corners lose. */
const LEAST_TOLERANCE = 0.01

/** Fewer triangles, with one measure of error for the whole model. Whoever names a number gets it, whatever that takes. */
export const simplify: Step = {
  name: 'simplify',
  isAsked: (plan) => plan.simplify !== undefined,
  async apply(work) {
    const { simplify: asked } = work.plan
    const { mended, changes } = simplifyTo(work, aimOf(asked))
    if (mended && asked !== 'auto') tellTexture(work, mended.laid)
    return changes
  },
}

/** Brings a model to fewer triangles, and tells what that did not reach. */
export function simplifyTo(
  work: Work,
  aim: Aim,
  name = `simplify=${work.plan.simplify}`,
): { mended?: Mended; changes: Changes } {
  const { document, tools, before } = work
  if (aim.triangles >= before.triangles) return { changes: {} }
  const flat = prepare(document, tools)
  const surface = gatherSurface(document)
  const reduced = reduce(need(tools, 'meshoptimizer').MeshoptSimplifier, surface, aim)
  const mended = mendTexture(surface, reduced)
  writeSurface(surface, mended, tools)
  for (const primitive of flat) restoreNormals(primitive, tools)
  const { triangles } = takeSnapshot(document)
  if (aim.triangles > 0) tell(work, `\`${name}\``, { aim, triangles, error: reduced.error })
  return { mended, changes: { triangles, tolerance: Math.max(LEAST_TOLERANCE, 2 * reduced.error) } }
}

function aimOf(asked: number | 'auto' | undefined): Aim {
  if (asked === undefined || asked === 'auto') return { triangles: 0, error: AUTO_ERROR }
  return { triangles: asked, error: 1 }
}

/** Makes triangles share vertices where they can. Returns what is shaded flat. */
function prepare(document: Document, tools: Tools): Primitive[] {
  const { convertPrimitiveToTriangles, weldPrimitive } = tools.functions
  const surfaces = primitivesOf(document).filter((primitive) => primitive.getMode() >= 4)
  for (const primitive of surfaces) {
    if (primitive.getMode() !== 4) convertPrimitiveToTriangles(primitive)
    weldPrimitive(primitive)
  }
  const flat = surfaces.filter(isFlat)
  for (const primitive of flat) dropNormals(primitive, tools)
  return flat
}

function tell(
  { note }: Work,
  asked: string,
  { aim, triangles, error }: { aim: Aim; triangles: number; error: number },
): void {
  const off = `${Number((error * 100).toPrecision(2))} % of its size`
  if (triangles > aim.triangles * (1 + CLOSE) || triangles < aim.triangles * (1 - CLOSE)) {
    note(`${asked} reached ${triangles} triangles, up to ${off} off.`)
  } else if (error > TOLD_ERROR) {
    note(`${asked} is up to ${off} off: its shape shows it.`)
  }
}

function tellTexture({ note, document, plan }: Work, laid: number): void {
  if (laid <= TOLD_TEXTURE || document.getRoot().listTextures().length === 0) return
  const share = `${Math.round(laid * 100)} % of its surface`
  note(
    `\`simplify=${plan.simplify}\` cuts across pieces of the texture: ${share} shows it only roughly. More triangles keep more of it.`,
  )
}
