import type { Document } from '@gltf-transform/core'
import { need, type Tools } from '../libraries.ts'
import {
  countPrimitives,
  dracoBits,
  fillInverseBindMatrices,
  hasSize,
  makeScalable,
  packForDraco,
  ownBones,
  separateIndices,
  unquantize,
} from './prepare.ts'
import type { Step, Work } from './step.ts'

/** Compresses geometry, and with meshopt also clips. */
export const compress: Step = {
  name: 'compress',
  isAsked: ({ compress: kind }) => kind !== undefined && kind !== 'none',
  async apply(work) {
    await compressDocument(work)
  },
}

/** Marks a document as compressed: codecs work when it is written. */
export async function compressDocument({
  document,
  tools,
  plan,
  note,
}: Pick<Work, 'document' | 'tools' | 'plan' | 'note'>): Promise<void> {
  dropCodecs(document)
  if (plan.compress === 'draco') await compressByDraco(document, tools, note)
  if (plan.compress !== 'meshopt') return
  separateIndices(document)
  await compressByMeshopt(document, tools)
  // The library has merged what is equal.
  separateIndices(document)
}

/** Removes the previous compression of a model, so that no loader needs two decoders. */
function dropCodecs(document: Document): void {
  document.disposeExtension('KHR_draco_mesh_compression')
  document.disposeExtension('EXT_meshopt_compression')
}

/** Everything except positions. */
const OTHERS = /^(?!POSITION$)/

/** Normals keep 10 bits: the stronger level, with 8, is visible in reflections. */
async function compressByMeshopt(document: Document, tools: Tools): Promise<void> {
  const { MeshoptEncoder: encoder } = need(tools, 'meshoptimizer')
  const { meshopt, quantize, reorder } = tools.functions
  const { EXTMeshoptCompression, KHRMeshQuantization } = tools.extensions
  unquantize(document)
  fillInverseBindMatrices(document)
  ownBones(document)
  makeScalable(document)
  if (document.getRoot().listMeshes().every(hasSize)) {
    await document.transform(meshopt({ encoder, level: 'medium' }))
    return
  }
  await document.transform(
    reorder({ encoder, target: 'size' }),
    quantize({ pattern: OTHERS, patternTargets: OTHERS }),
  )
  // The library looks for it in positions only.
  document.createExtension(KHRMeshQuantization).setRequired(true)
  const method = EXTMeshoptCompression.EncoderMethod.QUANTIZE
  document.createExtension(EXTMeshoptCompression).setRequired(true).setEncoderOptions({ method })
}

async function compressByDraco(document: Document, { functions }: Tools, note: Work['note']): Promise<void> {
  const { surfaces, others } = countPrimitives(document)
  if (others > 0) note('Draco compresses only triangles; points and lines stay as they are.')
  if (surfaces === 0) return
  unquantize(document)
  packForDraco(document)
  const { TEX_COORD: quantizeTexcoord, GENERIC: quantizeGeneric } = dracoBits(document)
  await document.transform(functions.draco({ quantizeTexcoord, quantizeGeneric }))
}
