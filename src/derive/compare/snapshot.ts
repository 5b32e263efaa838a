import type { Document } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'

/** What is held against the source after each step. */
export interface Snapshot {
  /** As drawn. */
  triangles: number
}

/** What a model is now. */
export function takeSnapshot(document: Document, { functions }: Tools): Snapshot {
  const root = document.getRoot()
  const scene = root.getDefaultScene() ?? root.listScenes()[0]
  return {
    triangles: scene ? functions.getSceneVertexCount(scene, functions.VertexCountMethod.RENDER) / 3 : 0,
  }
}
