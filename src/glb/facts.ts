/** Raised whenever facts are told of that earlier releases told otherwise: the first took no notice of joints and instances. */
export const FACTS_REVISION = 2

/** Facts about a GLB, known at build time. */
export interface Facts {
  triangles: number
  vertices: number
  materials: number
  textures: number
  animations: number
  /** In metres, +Y up, in the rest pose. */
  bounds: { min: Vec3; max: Vec3; size: Vec3 }
  /** By which {@link FACTS_REVISION} they were told; absent in those of the first. */
  revision?: number | undefined
}

export type Vec3 = [x: number, y: number, z: number]

/** Whether facts are of an earlier release, which may have told them otherwise. */
export function isOutdated({ revision = 1 }: Facts): boolean {
  return revision < FACTS_REVISION
}
