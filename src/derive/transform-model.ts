import type { Transform } from '@gltf-transform/core'
import { faultOf } from './compare/compare.ts'
import { failed, openModel } from './io.ts'

/** A custom step: any glTF-Transform function. */
export interface ModelTransform {
  /** Part of the key of the derivation. */
  name: string
  /** Increase it whenever the function gives other bytes. */
  version: string | number
  /** A `Transform` of glTF-Transform. */
  transform: (document: never) => unknown
}

/**
 * Applies transforms to a GLB in this thread, because functions cannot be sent to another one. They may change
 * anything, as long as the result is a complete model.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_FAILED naming the transform
 */
export async function transformModel(
  source: Uint8Array,
  transforms: readonly ModelTransform[],
): Promise<Uint8Array> {
  const { document, io } = await openModel(source)
  for (const { name, transform } of transforms) {
    try {
      await document.transform(transform as Transform)
      const fault = faultOf(document)
      if (fault) throw new Error(`its result is not a complete model: ${fault}`)
    } catch (cause) {
      throw failed(name, cause)
    }
  }
  return io.writeBinary(document)
}
