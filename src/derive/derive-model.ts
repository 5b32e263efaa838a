import type { Document, ILogger, Transform } from '@gltf-transform/core'
import { MeshyError } from '../errors.ts'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { loadTools, type GltfTransform, type Tools } from './libraries.ts'
import { completePlan, stepsOf, type DerivationPlan } from './steps.ts'
import { textureTransforms } from './textures.ts'

/** What was derived from a model. */
export interface DerivedModel {
  glb: Uint8Array
  facts: Facts
  /** Worth telling the author of the import. */
  notes: string[]
  /** Name → version of what derived it. */
  tools: Record<string, string>
}

export interface DeriveOptions {
  plan: DerivationPlan
  /** Kept in `asset.extras` of the file. */
  extras: Record<string, unknown>
}

/**
 * Derives a model from a GLB: fewer triangles, smaller textures, compressed.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_FAILED
 */
export async function deriveModel(
  source: Uint8Array,
  { plan, extras }: DeriveOptions,
): Promise<DerivedModel> {
  const tools = await loadTools(plan)
  const notes: string[] = []
  try {
    const io = await createIo(tools)
    const document = await io.readBinary(source)
    document.setLogger(noteTaker(notes))
    await document.transform(...geometryTransforms(plan, tools, inspectGlb(source)))
    await document.transform(...textureTransforms(plan, tools), ...compressTransforms(plan, tools))
    addExtras(document, extras)
    const glb = await io.writeBinary(document)
    return { glb, facts: checkedFacts(glb), notes, tools: versionsOf(tools) }
  } catch (cause) {
    throw failed(stepsOf(plan).join(', '), cause)
  }
}

/** Reads and writes every extension that glTF-Transform knows. */
export function createPlainIo({ core, extensions }: Pick<GltfTransform, 'core' | 'extensions'>) {
  return new core.NodeIO().registerExtensions(extensions.ALL_EXTENSIONS)
}

export function addExtras(document: Document, extras: Record<string, unknown>): void {
  const asset = document.getRoot().getAsset()
  asset.extras = Object.assign({}, asset.extras, extras)
}

export function failed(steps: string, cause: unknown): MeshyError {
  return new MeshyError('MESHY_DERIVE_FAILED', {
    message: `\`${steps}\` failed: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'Leave out the step that fails, and report it with the model.',
    cause,
  })
}

async function createIo(tools: Tools) {
  const io = createPlainIo(tools)
  const { meshopt, draco } = tools
  if (meshopt) {
    const { MeshoptEncoder, MeshoptDecoder, MeshoptSimplifier } = meshopt
    await Promise.all([MeshoptEncoder.ready, MeshoptDecoder.ready, MeshoptSimplifier.ready])
    io.registerDependencies({ 'meshopt.encoder': MeshoptEncoder, 'meshopt.decoder': MeshoptDecoder })
  }
  if (draco) {
    const [encoder, decoder] = await Promise.all([draco.createEncoderModule(), draco.createDecoderModule()])
    io.registerDependencies({ 'draco3d.encoder': encoder, 'draco3d.decoder': decoder })
  }
  return io
}

function geometryTransforms(plan: DerivationPlan, tools: Tools, facts: Facts): Transform[] {
  const { dedup, prune, weld, join, resample } = tools.functions
  const simplify = simplifyTransforms(plan, tools, facts)
  return plan.optimize ? [dedup(), prune(), weld(), join(), ...simplify, resample()] : simplify
}

/** Errors are not limited: whoever names a count wants that count. */
function simplifyTransforms(
  { simplify: triangles }: DerivationPlan,
  { functions, meshopt }: Tools,
  facts: Facts,
): Transform[] {
  if (triangles === undefined || facts.triangles <= triangles) return []
  const ratio = triangles / facts.triangles
  return [functions.weld(), functions.simplify({ simplifier: meshopt?.MeshoptSimplifier, ratio, error: 1 })]
}

/** Normals keep 10 bits: the stronger level of meshopt, with 8, shows in reflections. */
function compressTransforms(plan: DerivationPlan, { functions, meshopt }: Tools): Transform[] {
  const { compress } = completePlan(plan)
  if (compress === 'meshopt')
    return [functions.meshopt({ encoder: meshopt?.MeshoptEncoder, level: 'medium' })]
  return compress === 'draco' ? [functions.draco()] : []
}

/** A derived file is held to what every other one is held to, before it is kept. */
function checkedFacts(glb: Uint8Array): Facts {
  const facts = inspectGlb(glb)
  if (facts.triangles === 0) throw new Error('the result has no triangles')
  return facts
}

function noteTaker(notes: string[]): ILogger {
  const ignore = () => {}
  const note = (text: string) => void notes.push(text)
  return { debug: ignore, info: ignore, warn: note, error: note }
}

function versionsOf({ core, sharp }: Tools): Record<string, string> {
  return {
    'gltf-transform': core.VERSION.replace(/^v/, ''),
    ...(sharp && { sharp: sharp.versions.sharp ?? 'unknown' }),
  }
}
