import type { NodeIO } from '@gltf-transform/core'
import type { Tools } from './libraries.ts'

/** Reads and writes every extension that glTF-Transform knows, with the codecs that are loaded. */
export async function createIo({ core, extensions, meshoptimizer, draco3dgltf }: Tools): Promise<NodeIO> {
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
