import type { Document, ILogger } from '@gltf-transform/core'
import type { Facts } from '../glb/facts.ts'
import { failed, openModel } from './io.ts'
import { dropUndrawn } from './sound.ts'
import type { Tools } from './libraries.ts'
import { readModel } from './read-model.ts'
import { completePlan, type DerivationPlan, packagesOf, stepsOf } from '../finding/steps.ts'
import type { Step, Work } from './steps/step.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { readGlb } from '../glb/read.ts'
import { compare, faultOf } from './compare/compare.ts'
import { takeSnapshot, type Snapshot } from './compare/snapshot.ts'
import { compress } from './steps/compress.ts'
import { optimize } from './steps/optimize.ts'
import { place } from './steps/place.ts'
import { simplify, lods } from './steps/simplify.ts'
import { textures } from './steps/textures.ts'

/** The result of a derivation. */
export interface DerivedModel {
  glb: Uint8Array
  facts: Facts
  /** Worth telling the author of the import. */
  notes: string[]
  /** Name → version of the libraries that were used. */
  tools: Record<string, string>
}

export interface DeriveOptions {
  plan: DerivationPlan
  /** Kept in `asset.extras` of the file. */
  extras: Record<string, unknown>
}

/**
 * Derives a model from a GLB: fewer triangles, smaller textures, compressed. The result of each step is compared with
 * its input, and what is written is read again.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_FAILED, MESHY_DERIVE_WRONG
 */
export async function deriveModel(
  source: Uint8Array,
  { plan, extras }: DeriveOptions,
  steps: readonly Step[] = STEPS,
): Promise<DerivedModel> {
  const notes = new Set<string>()
  try {
    const packages = packagesOf(plan)
    const { document, tools, io } = await openModel(source, { packages, logger: noteTaker(notes) })
    addExtras(document, extras)
    const complete = completePlan(plan)
    if (isOfGeometry(complete)) dropUndrawn(document, tools)
    const work = { document, io, tools, plan: complete, note: (text: string) => void notes.add(text) }
    const glb = await applySteps(work, steps)
    return { glb, facts: await trueFacts(glb, { io, tools }), notes: [...notes], tools: versionsOf(tools) }
  } catch (cause) {
    throw failed(stepsOf(plan).join(', '), cause)
  }
}

function isOfGeometry({ simplify, level, optimize, compress = 'none' }: DerivationPlan): boolean {
  return simplify !== undefined || level !== undefined || optimize === true || compress !== 'none'
}

function addExtras(document: Document, extras: Record<string, unknown>): void {
  const asset = document.getRoot().getAsset()
  asset.extras = Object.assign({}, asset.extras, extras)
}

/**
 * Steps report this in their own words, or nothing is lost: a place in a repeating texture stays a
 * float, and a texture of one color stays a texture.
 */
const TOLD_ELSEWHERE =
  /Skipping Draco|^quantize: Skipping|^prune: Detected single-color|^reorder: No qualifying|^Some sparse/
const UNREAD = /^Missing optional extension, "(?<name>.+)"/

/** What glTF-Transform warns about. */
function noteTaker(notes: Set<string>): ILogger {
  const ignore = () => {}
  const note = (text: string) => {
    const name = UNREAD.exec(text)?.groups?.['name']
    if (name !== undefined) notes.add(`\`${name}\` is left out, because glTF-Transform does not read it`)
    else if (!TOLD_ELSEWHERE.test(text)) notes.add(text)
  }
  return { debug: ignore, info: ignore, warn: note, error: note }
}

function versionsOf({ core, sharp }: Tools): Record<string, string> {
  return {
    'gltf-transform': core.VERSION.replace(/^v/, ''),
    ...(sharp && { sharp: sharp.versions.sharp ?? 'unknown' }),
  }
}

/** Extensions that compress numbers, so that they cannot be read directly. */
const CODECS = new Set(['EXT_meshopt_compression', 'KHR_meshopt_compression', 'KHR_draco_mesh_compression'])

/** Whether a GLB has numbers that only its codec can read. */
export function isPacked(glb: Uint8Array): boolean {
  const { extensionsUsed } = readGlb(glb).json
  return Array.isArray(extensionsUsed) && extensionsUsed.some((name) => CODECS.has(String(name)))
}

/**
 * Facts about a compressed GLB.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_UNSUPPORTED, MESHY_DERIVE_FAILED; MESHY_GLB_INVALID
 */
export async function inspectPacked(glb: Uint8Array): Promise<Facts> {
  try {
    return await trueFacts(glb, await openModel(glb))
  } catch (cause) {
    throw failed('unpacking', cause)
  }
}

/** Facts about a GLB; if it is compressed, about what loaders decompress. */
async function trueFacts(glb: Uint8Array, { io, tools }: Pick<Bench, 'io' | 'tools'>): Promise<Facts> {
  const document = await readModel(glb, { io, tools })
  const packed = document
    .getRoot()
    .listExtensionsUsed()
    .filter(({ extensionName }) => CODECS.has(extensionName))
  if (packed.length === 0) return inspectGlb(glb)
  for (const extension of packed) extension.dispose()
  return inspectGlb(await io.writeBinary(document))
}

/** What is the same for every step of a derivation. */
type Bench = Omit<Work, 'before'>

/**
 * Applies the steps that a plan asks for, comparing each with its input, and writes the model. The written bytes are
 * read again and compared with the last step, because codecs only work during writing.
 *
 * @throws {MeshyError} MESHY_DERIVE_FAILED, MESHY_DERIVE_WRONG
 */
async function applySteps(bench: Bench, steps: readonly Step[]): Promise<Uint8Array> {
  const asked = steps.filter((step) => step.isAsked(bench.plan))
  let snapshot = takeSnapshot(bench.document)
  for (const step of asked) snapshot = await applyStep(step, bench, snapshot)
  return writeChecked(asked.at(-1)?.name ?? 'write', bench, snapshot)
}

async function applyStep(step: Step, work: Bench, before: Snapshot): Promise<Snapshot> {
  const changes = await named(step.name, () => step.apply({ ...work, before }))
  const after = takeSnapshot(work.document)
  compare(step.name, { before, after, changes: changes ?? undefined })
  return after
}

async function writeChecked(name: string, { document, io }: Bench, before: Snapshot): Promise<Uint8Array> {
  return named(name, async () => {
    const glb = await io.writeBinary(document)
    const written = await io.readBinary(glb)
    const fault = faultOf(written)
    if (fault) throw new Error(`its result is not a complete model: ${fault}`)
    compare(name, { before, after: takeSnapshot(written) })
    return glb
  })
}

async function named<T>(step: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw failed(step, cause)
  }
}

/** Every step, in the order in which they are applied. */
export const STEPS: readonly Step[] = [optimize, simplify, lods, textures, place, compress]
