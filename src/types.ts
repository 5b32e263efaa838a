/**
 * What an import of a model gives: `import hero from './hero.png?meshy'`.
 * @module
 */

/** Where a model comes from: the service, an emulator of it, the user's own pinned bytes, or a local stand-in. */
export type AssetSource = 'meshy' | 'emulator' | 'pinned' | 'stand-in'

/** A point or an extent in metres: x to the right, y up, z to the viewer. */
export type Vec3 = [x: number, y: number, z: number]

/** Facts about a model, known at build time. A hit and a miss of the cache give the same. */
export interface AssetMetadata {
  /** `ready`; `pending`: a stand-in, the real one is on its way; `preview`: a stand-in, and nothing is on its way. */
  state: 'ready' | 'pending' | 'preview'
  source: AssetSource
  /** Fingerprint of the request, 16 hex digits. */
  key: string
  /** `sha256-…` of the GLB, in the form of Subresource Integrity. */
  integrity: string
  /** Size of the GLB in bytes. */
  bytes: number
  /** Triangles that are drawn: instances count. */
  triangles: number
  vertices: number
  materials: number
  textures: number
  animations: number
  /** Box around the model in its rest pose, as viewers show it, in metres. */
  bounds: { min: Vec3; max: Vec3; size: Vec3 }
  /** What the model was derived from, and how; absent for a model as it came. */
  derived?: { from: { bytes: number; triangles: number }; steps: string[] }
}

/** URLs of other files of the model, as far as the import asked for them and the task returned them. */
export interface AssetFiles {
  fbx?: string
  obj?: string
  mtl?: string
  usdz?: string
  stl?: string
  '3mf'?: string
  /** The mesh before remeshing, as GLB. */
  preRemeshed?: string
}

/** URLs of the texture maps: `?meshy&textures`. */
export interface AssetTextures {
  baseColor?: string
  metallic?: string
  normal?: string
  roughness?: string
  emission?: string
}

/** URLs of preview pictures besides `thumbnail`, as far as the import asked for them and the task returned them. */
export interface AssetThumbnails {
  /** On a transparent background: `?meshy&alpha_thumbnail`. */
  alpha?: string
  /** From four sides: `?meshy&multi_view_thumbnails`. */
  front?: string
  right?: string
  back?: string
  left?: string
}

/** One level of detail, a whole model by itself. */
export interface AssetLod {
  url: string
  triangles: number
  bytes: number
}

/** The default export of a model's module; each field is also a named export. */
export interface MeshyAsset {
  /** URL of the GLB, as the bundler serves it. */
  url: string
  metadata: AssetMetadata
  files: AssetFiles
  textures: AssetTextures | undefined
  /** URL of the preview picture: `?meshy&thumbnail`. */
  thumbnail: string | undefined
  /** URLs of further preview pictures: `?meshy&alpha_thumbnail`, `?meshy&multi_view_thumbnails`. */
  thumbnails: AssetThumbnails | undefined
  /** Levels of detail from fine to coarse, the first being `url`: `?meshy&lods=3`. A stand-in has the first alone. */
  lods: AssetLod[] | undefined
  /** The URL of the GLB, so that the model itself can stand where a URL is expected. */
  toString(): string
}
