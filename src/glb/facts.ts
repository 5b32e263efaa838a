/**
 * Increased whenever facts are determined differently than in earlier releases: the first revision ignored joints and
 * instances.
 */
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
  /** The {@link FACTS_REVISION} by which they were determined; absent in those of the first. */
  revision?: number | undefined
}

export type Vec3 = [x: number, y: number, z: number]

/** Whether facts come from an earlier release, which may have determined them differently. */
export function isOutdated({ revision = 1 }: Facts): boolean {
  return revision < FACTS_REVISION
}
