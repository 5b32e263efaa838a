import type { AnimationChannel, Document, Node } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'
import { compressDocument } from './compress.ts'
import { primitivesOf, TRIANGLES, isFlattened } from './prepare.ts'
import type { Step, Work } from './step.ts'

/**
 * Removes what a model has twice or without need. What code can look up by name stays, and geometry is changed only if
 * the file gets smaller.
 */
export const optimize: Step = {
  name: 'optimize',
  isAsked: (plan) => plan.optimize === true,
  async apply(work) {
    const { document, tools, before } = work
    await tidyMaterials(document, tools)
    const tolerance = keyTolerance(document, Math.max(...before.bounds.size))
    await document.transform(tools.functions.resample({ tolerance }))
    const tidy = (target: Document) => tidyGeometry(target, tools)
    const joined = async (target: Document) => {
      await joinUnnamed(target, tools)
      await tidy(target)
    }
    const ways = [asItIs, tidy, ...(isJoinable(document) ? [joined] : [])]
    const sizes = await Promise.all(ways.map((way) => measure(work, way)))
    await ways[sizes.indexOf(Math.min(...sizes))]?.(document)
  },
}

/** By how much a clip may deviate without its keys: the library's default, in units of whatever it moves. */
const KEY_TOLERANCE = 1e-4
/** The same as a fraction of the model's size, or of a scale: units may be very small. */
const VISIBLE = 1e-3

function keyTolerance(document: Document, size: number): number {
  const channels = document
    .getRoot()
    .listAnimations()
    .flatMap((animation) => animation.listChannels())
  return channels.reduce((least, channel) => Math.min(least, toleranceOf(channel, size)), KEY_TOLERANCE)
}

function toleranceOf(channel: AnimationChannel, size: number): number {
  const path = channel.getTargetPath()
  if (path === 'scale') {
    const output = channel.getSampler()?.getOutput()
    const largest = Math.max(0, ...(output?.getMaxNormalized([]) ?? []))
    return largest > 0 ? largest * VISIBLE : KEY_TOLERANCE
  }
  if (path !== 'translation' || size === 0) return KEY_TOLERANCE
  const scale = channel.getTargetNode()?.getParentNode()?.getWorldScale() ?? [1]
  return (size * VISIBLE) / Math.max(...scale)
}

async function asItIs(): Promise<void> {}

async function tidyMaterials(document: Document, { core, functions }: Tools): Promise<void> {
  const { TEXTURE, MATERIAL } = core.PropertyType
  const propertyTypes = [TEXTURE, MATERIAL]
  await document.transform(
    functions.dedup({ propertyTypes, keepUniqueNames: true }),
    functions.prune({ propertyTypes, keepExtras: true }),
  )
}

/** Nodes stay, whatever they contain: an empty one is where code attaches things. So do vertex attributes. */
async function tidyGeometry(document: Document, { core, functions }: Tools): Promise<void> {
  const { ACCESSOR, BUFFER, MESH, PRIMITIVE, PRIMITIVE_TARGET, SKIN } = core.PropertyType
  const hasMeshExtras = document
    .getRoot()
    .listMeshes()
    .some((mesh) => Object.keys(mesh.getExtras()).length > 0)
  const same = [ACCESSOR, SKIN, ...(hasMeshExtras ? [] : [MESH])]
  await document.transform(functions.dedup({ propertyTypes: same, keepUniqueNames: true }))
  weldSurfaces(document, functions)
  await document.transform(
    functions.prune({
      propertyTypes: [SKIN, MESH, PRIMITIVE, PRIMITIVE_TARGET, ACCESSOR, BUFFER],
      keepAttributes: true,
      keepExtras: true,
    }),
    functions.dedup({ propertyTypes: [ACCESSOR], keepUniqueNames: true }),
  )
}

/** Points have nothing to share, and lines have little. */
function weldSurfaces(document: Document, { weldPrimitive }: Tools['functions']): void {
  for (const primitive of primitivesOf(document)) {
    if (primitive.getMode() === TRIANGLES && primitive.getAttribute('POSITION')) weldPrimitive(primitive)
  }
}

/** The size of a document without its textures, after one of the ways. */
async function measure(work: Work, way: (document: Document) => Promise<void>): Promise<number> {
  const { document, io, tools } = work
  const trial = tools.functions.cloneDocument(document)
  for (const texture of trial.getRoot().listTextures()) texture.dispose()
  for (const accessor of trial.getRoot().listAccessors())
    accessor.setArray(accessor.getArray()?.slice() ?? null)
  await way(trial)
  await compressDocument({ ...work, document: trial, note: () => {} })
  return (await io.writeBinary(trial)).length
}

/** Whether a document has nodes that could be merged. */
function isJoinable(document: Document): boolean {
  return document.getRoot().listNodes().filter(isNobodys).length > 1
}

/** Merges meshes that nothing can look up by name, and removes the nodes that are empty after that. */
async function joinUnnamed(document: Document, { functions }: Tools): Promise<void> {
  const candidates = document.getRoot().listNodes().filter(isNobodys)
  await document.transform(functions.join({ filter: isNobodys, cleanup: false }))
  for (const node of candidates) {
    if ((node.getMesh()?.listPrimitives().length ?? 0) > 0) continue
    node.getMesh()?.dispose()
    node.dispose()
  }
}

/** Neither it nor its mesh has a name or extras, and nothing else is attached to it. */
function isNobodys(node: Node): boolean {
  const mesh = node.getMesh()
  if (!mesh || node.getSkin() || node.getCamera() || isFlattened(node)) return false
  const isBare = [node, mesh].every(
    (owner) => !owner.getName() && Object.keys(owner.getExtras()).length === 0,
  )
  const others = node.listParents().filter(({ propertyType }) => !HOLDERS.has(propertyType))
  return (
    isBare && node.listChildren().length === 0 && node.listExtensions().length === 0 && others.length === 0
  )
}

/** What refers to every node; a clip or a skin refers to one for a reason. */
const HOLDERS = new Set(['Root', 'Scene', 'Node'])
