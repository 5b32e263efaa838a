/**
 * What an import of a model gives: `import hero from './hero.png?meshy'`.
 * @module
 */

/** Where a model comes from: the service, an emulator of it, the user's own pinned bytes, or a local stand-in. */
export type AssetSource = 'meshy' | 'emulator' | 'pinned' | 'stand-in'

/** A point or an extent in metres: x to the right, y up, z towards the viewer. */
export type Vec3 = [x: number, y: number, z: number]

/** Facts about a model, known at build time. A cache hit and a cache miss give the same facts. */
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
  /** The number of drawn triangles: instances count. */
  triangles: number
  vertices: number
  materials: number
  textures: number
  animations: number
  /** Bounding box of the model in its rest pose, as viewers show it, in metres. */
  bounds: { min: Vec3; max: Vec3; size: Vec3 }
  /** What the model was derived from, and how; absent for a model as it came. */
  derived?: { from: { bytes: number; triangles: number }; steps: string[] }
}

/** URLs of other files of the model, if the import asked for them and the task returned them. */
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

/** URLs of preview images besides `thumbnail`, if the import asked for them and the task returned them. */
export interface AssetThumbnails {
  /** On a transparent background: `?meshy&alpha_thumbnail`. */
  alpha?: string
  /** From four sides: `?meshy&multi_view_thumbnails`. */
  front?: string
  right?: string
  back?: string
  left?: string
}

/** One level of detail, a complete model by itself. */
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
  /** URL of the preview image: `?meshy&thumbnail`. */
  thumbnail: string | undefined
  /** URLs of further preview images: `?meshy&alpha_thumbnail`, `?meshy&multi_view_thumbnails`. */
  thumbnails: AssetThumbnails | undefined
  /** Levels of detail from fine to coarse, the first being `url`: `?meshy&lods=3`. A stand-in has only the first. */
  lods: AssetLod[] | undefined
  /** The URL of the GLB, so that the model itself can be used where a URL is expected. */
  toString(): string
}
