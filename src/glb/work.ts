import { invalidNumbers } from './invalid-numbers.ts'

/** Vertices that are followed one by one, however often nodes and instances show them: about a second. */
const MAX_VERTICES = 4_000_000
/** Boxes that stand for them after that. */
const MAX_BOXES = 500_000

/** What may be spent on measuring a model: a small file can show its mesh a million times. */
export class Work {
  #vertices = MAX_VERTICES
  #boxes = MAX_BOXES

  /** Whether as many vertices may be followed; then they are counted. */
  affords(vertices: number): boolean {
    if (vertices > this.#vertices) return false
    this.#vertices -= vertices
    return true
  }

  /** @throws {MeshyError} MESHY_GLB_INVALID when a model shows more than anybody could draw */
  addBoxes(count: number): void {
    this.#boxes -= count
    if (this.#boxes < 0) throw invalidNumbers(`it shows more than ${MAX_BOXES} meshes`)
  }
}
