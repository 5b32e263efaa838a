import { FACTS_REVISION, type Facts } from './facts.ts'
import { measureScene } from './measure.ts'
import { readGlb } from './read.ts'

/**
 * Facts about a GLB: what its default scene draws, as a viewer shows it in the rest pose.
 *
 * Throws `MESHY_GLB_INVALID` when the file is broken, or has positions that are no finite numbers.
 */
export function inspectGlb(bytes: Uint8Array): Facts {
  const glb = readGlb(bytes)
  const { materials = [], textures = [], animations = [] } = glb.json
  return {
    ...measureScene(glb),
    materials: materials.length,
    textures: textures.length,
    animations: animations.length,
    revision: FACTS_REVISION,
  }
}
