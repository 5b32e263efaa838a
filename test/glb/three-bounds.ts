import { Box3, type AnimationClip, type Group } from 'three'
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js'

/** A GLB without pictures as three.js loads it. */
export async function loadWithThree(
  glb: Uint8Array,
): Promise<{ scene: Group; scenes: Group[]; animations: AnimationClip[] }> {
  const { scene, scenes, animations } = await new GLTFLoader().parseAsync(Uint8Array.from(glb).buffer, '')
  scene.updateMatrixWorld(true)
  return { scene, scenes, animations }
}

/** The box that three.js finds around a GLB, vertex by vertex. */
export async function boundsByThree(glb: Uint8Array): Promise<{ min: number[]; max: number[] }> {
  const { min, max } = new Box3().setFromObject((await loadWithThree(glb)).scene, true)
  return { min: min.toArray(), max: max.toArray() }
}
