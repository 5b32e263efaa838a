/** Facts about a GLB, known at build time. */
export interface Facts {
  triangles: number
  vertices: number
  materials: number
  textures: number
  animations: number
  /** In the units of the model, +Y up, node transforms applied. */
  bounds: { min: Vec3; max: Vec3; size: Vec3 }
}

export type Vec3 = [x: number, y: number, z: number]
