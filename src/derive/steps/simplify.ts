import type { Document, Primitive } from '@gltf-transform/core'
import { bake, forgetLayout, sheetsOf } from '../bake/bake.ts'
import type { Changes } from '../compare/compare.ts'
import { takeSnapshot } from '../compare/snapshot.ts'
import { need, type Tools } from '../libraries.ts'
import { dropUndrawn } from '../sound.ts'
import { dropNormals, isFlat, restoreNormals, unfold } from '../simplify/vertices.ts'
import { cutShare, mendTexture } from '../simplify/mend.ts'
import { CLOSE, reduce, type Aim } from '../simplify/reduce.ts'
import { gatherSurface, writeSurface } from '../simplify/surface-io.ts'
import { primitivesOf, TRIANGLES } from './prepare.ts'
import type { Step, Work } from './step.ts'
import type { Facts } from '../../glb/facts.ts'
import { minus } from '../simplify/vectors.ts'

/** The allowed deviation of `simplify=auto`, as a fraction of the model's size. */
const AUTO_ERROR = 0.001
/** If a number was requested, a deviation above this is reported. */
const TOLD_ERROR = 0.04
/** Up to this fraction of the surface, a changed texture layout is not reported. */
const TOLD_TEXTURE = 0.05
/** The box of a model shrinks by what its corners lose. */
const LEAST_TOLERANCE = 0.01
/** With fewer triangles than it has pieces, a model loses the outermost ones, such as the tip of an antenna. */
const TOLERANCE = 0.15

/** Fewer triangles, with one error measure for the whole model. A requested number is reached whatever that takes. */
export const simplify: Step = {
  name: 'simplify',
  isAsked: (plan) => plan.simplify !== undefined,
  async apply(work) {
    const { simplify: asked } = work.plan
    const { laid, changes } = await simplifyTo(work, aimOf(asked))
    if (asked !== 'auto') tellTexture(work, laid)
    return changes
  },
}

/** One level of detail: a fraction of the triangles of the first one. */
export const lods: Step = {
  name: 'lods',
  isAsked: (plan) => plan.level !== undefined,
  async apply(work) {
    const { plan, before } = work
    const triangles = Math.max(FEWEST, Math.round(before.triangles * (plan.level ?? 1)))
    return (await simplifyTo(work, { triangles, error: 1 }, `lods, ${triangles} triangles`)).changes
  },
}

/** This few cost nothing to draw, and fewer would not show what an object is. */
const FEWEST = 64

/** Reduces a model to fewer triangles, and reports what could not be achieved. */
async function simplifyTo(
  work: Work,
  aim: Aim,
  name = `simplify=${work.plan.simplify}`,
): Promise<{ laid: number; changes: Changes }> {
  const { document, tools, before } = work
  if (aim.triangles >= before.triangles) return { laid: 0, changes: {} }
  const flat = prepare(document, tools)
  const { error, laid, sheets } = await writeReduced(work, aim)
  for (const primitive of flat) restoreNormals(primitive, tools)
  for (const sheet of sheets) await bake(document, sheet, tools)
  dropUnused(document)
  const { triangles, bounds } = takeSnapshot(document)
  const isNumber = aim.triangles > 0
  if (isNumber)
    tell(work, `\`${name}\``, { aim, triangles, error: Math.max(error, lossOf(before.bounds, bounds)) })
  const tolerance = Math.max(isNumber ? TOLERANCE : LEAST_TOLERANCE, 2 * error)
  return { laid, changes: { triangles, tolerance } }
}

/** By how much a box has changed, as a fraction of its size. */
function lossOf(before: Facts['bounds'], after: Facts['bounds']): number {
  const moves = [...minus(before.min, after.min), ...minus(before.max, after.max)].map(Math.abs)
  return Math.max(...moves) / Math.max(...before.size) || 0
}

/** Texture seams are kept, or mended. If too much would be cut, the texture has to be laid out again. */
async function writeReduced({ document, tools }: Work, aim: Aim) {
  const { MeshoptSimplifier: simplifier } = need(tools, 'meshoptimizer')
  unfoldAll(document)
  const surface = gatherSurface(document)
  const reduced = reduce(simplifier, surface, aim)
  const isCut = aim.triangles > 0 && cutShare(surface, reduced) > TOLD_TEXTURE
  const sheets = isCut ? (sheetsOf(document, surface, tools) ?? []) : []
  if (sheets.length === 0) {
    const mended = mendTexture(surface, reduced)
    writeSurface(surface, mended, tools)
    return { error: reduced.error, laid: mended.laid, sheets }
  }
  for (const sheet of sheets) forgetLayout(sheet, tools)
  unfoldAll(document)
  const bare = gatherSurface(document)
  const again = reduce(simplifier, bare, aim)
  writeSurface(bare, { ...again, blends: new Map(), laid: 0 }, tools)
  return { error: again.error, laid: 0, sheets }
}

/** For primitives that are triangles with indices by now. */
function unfoldAll(document: Document): void {
  for (const primitive of primitivesOf(document)) if (primitive.getMode() === TRIANGLES) unfold(primitive)
}

/** Accessors that nothing refers to any more. */
function dropUnused(document: Document): void {
  for (const accessor of document.getRoot().listAccessors()) {
    if (accessor.listParents().every((parent) => parent === document.getRoot())) accessor.dispose()
  }
}

function aimOf(asked: number | 'auto' | undefined): Aim {
  if (asked === undefined || asked === 'auto') return { triangles: 0, error: AUTO_ERROR }
  return { triangles: asked, error: 1 }
}

/** Makes triangles share vertices if they can. Returns what is flat-shaded. */
function prepare(document: Document, tools: Tools): Primitive[] {
  const { convertPrimitiveToTriangles, weldPrimitive } = tools.functions
  const surfaces = primitivesOf(document).filter((primitive) => primitive.getMode() >= TRIANGLES)
  const strips = surfaces.filter((primitive) => primitive.getMode() !== TRIANGLES)
  for (const primitive of strips) convertPrimitiveToTriangles(primitive)
  // They turn around at triangles without area.
  if (strips.length > 0) dropUndrawn(document, tools)
  for (const primitive of surfaces) weldPrimitive(primitive)
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
    note(`${asked} reached ${triangles} triangles, with a deviation of up to ${off}.`)
  } else if (error > TOLD_ERROR) {
    note(`${asked} deviates by up to ${off}, which is visible in its shape.`)
  }
}

function tellTexture({ note, document, plan }: Work, laid: number): void {
  if (laid <= TOLD_TEXTURE || document.getRoot().listTextures().length === 0) return
  const share = `${Math.round(laid * 100)} % of its surface`
  note(
    `\`simplify=${plan.simplify}\` cuts across pieces of the texture: ${share} shows it only roughly. More triangles preserve more of it.`,
  )
}
