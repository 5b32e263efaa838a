import type { Transform } from '@gltf-transform/core'
import { faultOf } from './compare/compare.ts'
import { failed, openModel } from './io.ts'

/** A step of the user's own: any function of glTF-Transform. */
export interface ModelTransform {
  /** Part of the key of what is derived. */
  name: string
  /** Raise it whenever the function gives other bytes. */
  version: string | number
  /** A `Transform` of glTF-Transform. */
  transform: (document: never) => unknown
}

/**
 * Applies transforms to a GLB in this thread: functions cannot be sent to another one. They may change what they like,
 * as long as they leave a whole model.
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
