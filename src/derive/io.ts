import type { Document, ILogger, NodeIO } from '@gltf-transform/core'
import { isMeshyError, MeshyError, messageOf } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import { readGlb } from '../glb/read.ts'
import type { PackageName } from '../finding/steps.ts'
import { loadTools, type Tools } from './libraries.ts'
import { readModel } from './read-model.ts'
import { dracoBits, packForDraco } from './steps/prepare.ts'
import { dropUndrawn, makeSound } from './sound.ts'

/** A model that is open for editing. */
interface OpenModel {
  document: Document
  io: NodeIO
  tools: Tools
}

/**
 * Reads a GLB with the codecs that it uses, and loads the packages that are requested in addition.
 *
 * @throws {MeshyError} MESHY_GLB_INVALID; MESHY_DERIVE_UNAVAILABLE naming a package; MESHY_DERIVE_UNSUPPORTED
 */
export async function openModel(
  source: Uint8Array,
  { packages = [], logger }: { packages?: readonly PackageName[]; logger?: ILogger } = {},
): Promise<OpenModel> {
  const { used, required } = extensionsOf(source)
  const codecs = used.flatMap((name) => CODECS[name] ?? [])
  const tools = await loadTools([...new Set([...packages, ...codecs])])
  const io = await createIo(tools)
  if (logger) io.setLogger(logger)
  assertKnown(required, tools)
  const document = await readModel(source, { io, tools })
  makeSound(document, tools)
  // It is written as it came, and what this codec rounds and drops must still be valid then.
  if (used.includes(DRACO)) {
    dropUndrawn(document, tools)
    packForDraco(document)
    const codec = document.createExtension(tools.extensions.KHRDracoMeshCompression)
    codec.setEncoderOptions({ quantizationBits: dracoBits(document) })
  }
  return { document, io, tools }
}

/** The codec of a compressing extension. */
const DRACO = 'KHR_draco_mesh_compression'
const CODECS: Record<string, PackageName> = {
  EXT_meshopt_compression: 'meshoptimizer',
  [DRACO]: 'draco3dgltf',
}

function extensionsOf(source: Uint8Array): { used: string[]; required: string[] } {
  const { extensionsUsed, extensionsRequired } = readGlb(source).json
  return { used: textsOf(extensionsUsed), required: textsOf(extensionsRequired) }
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

function assertKnown(required: readonly string[], { extensions }: Tools): void {
  const known = new Set<string>(extensions.ALL_EXTENSIONS.map(({ EXTENSION_NAME }) => EXTENSION_NAME))
  const unknown = required.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  const names = quoted(unknown)
  throw new MeshyError('MESHY_DERIVE_UNSUPPORTED', {
    message: `Nothing can be derived from the model: it requires ${names}, which glTF-Transform does not read.`,
    hint: 'Remove the directives that derive from the model, or export the model without the extension.',
    details: { extensions: unknown },
  })
}

/** Reads and writes every extension that glTF-Transform supports, with the codecs that are loaded. */
async function createIo({ core, extensions, meshoptimizer, draco3dgltf }: Tools): Promise<NodeIO> {
  const io = new core.NodeIO().registerExtensions(extensions.ALL_EXTENSIONS)
  if (meshoptimizer) {
    const { MeshoptEncoder, MeshoptDecoder } = meshoptimizer
    io.registerDependencies({ 'meshopt.encoder': MeshoptEncoder, 'meshopt.decoder': MeshoptDecoder })
  }
  if (draco3dgltf) {
    const [encoder, decoder] = await Promise.all([
      draco3dgltf.createEncoderModule(),
      draco3dgltf.createDecoderModule(),
    ])
    io.registerDependencies({ 'draco3d.encoder': encoder, 'draco3d.decoder': decoder })
  }
  return io
}

/** What a step threw, as an error that names the step. */
export function failed(step: string, cause: unknown): MeshyError {
  if (isMeshyError(cause)) return cause
  const reason = messageOf(cause)
  return new MeshyError('MESHY_DERIVE_FAILED', {
    message: `\`${step}\` failed: ${reason.replace(/\.$/, '')}.`,
    hint: 'Remove the step that fails, and report it together with the model.',
    cause,
  })
}
