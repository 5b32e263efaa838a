import type { NodeIO } from '@gltf-transform/core'
import type { Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'

/** What packs numbers, so that they cannot be read as they are. */
const CODECS = new Set(['EXT_meshopt_compression', 'KHR_meshopt_compression', 'KHR_draco_mesh_compression'])

/** Facts about a GLB that was just written: where it is packed, about what loaders unpack. */
export async function trueFacts(glb: Uint8Array, io: NodeIO): Promise<Facts> {
  const document = await io.readBinary(glb)
  const packed = document
    .getRoot()
    .listExtensionsUsed()
    .filter(({ extensionName }) => CODECS.has(extensionName))
  if (packed.length === 0) return inspectGlb(glb)
  for (const extension of packed) extension.dispose()
  return inspectGlb(await io.writeBinary(document))
}
