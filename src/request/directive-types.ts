import type { Compression, ExtraFormat, Origin, ParamValue, TextureFormat } from './request.ts'
import type { ValueType } from './values.ts'

/** The value of each directive, by its own name. */
export interface DirectiveValues {
  meshy: boolean
  model: string
  topology: 'triangle' | 'quad'
  poly: number
  symmetry: 'off' | 'auto' | 'on'
  remesh: boolean
  'pre-remesh': boolean
  texture: boolean
  pbr: boolean
  pose: 'a-pose' | 't-pose' | ''
  is_a_t_pose: boolean
  prompt: string
  'texture-image': string
  moderation: boolean
  views: string[]
  take: number
  formats: ExtraFormat[]
  textures: boolean
  thumbnail: boolean
  preset: string
  optimize: boolean
  simplify: number | 'auto'
  'texture-size': number
  'texture-format': TextureFormat
  compress: Compression
  height: number
  origin: Origin
  lods: number[]
  'max-bytes': number
  'max-triangles': number
  model_type: 'standard' | 'lowpoly' | 'smart-topology'
  texture_model: string
  decimation_mode: number
  geometry_resolution: 'standard' | '2k' | '4k'
  texture_resolution: '2k' | '4k' | '8k'
  hd_texture: boolean
  texture_image_urls: string[]
  image_enhancement: boolean
  remove_lighting: boolean
  auto_size: boolean
  origin_at: 'bottom' | 'center'
  target_formats: TargetFormat[]
  alpha_thumbnail: boolean
  multi_view_thumbnails: boolean
}

export type TargetFormat = 'glb' | 'obj' | 'fbx' | 'stl' | 'usdz' | '3mf'
export type DirectiveName = keyof DirectiveValues
/** Also the ones that hand a parameter to the API, of which no table can know. */
export type AnyDirectiveName = DirectiveName | ApiDirectiveName
/** Directives that were asked for, by their own names; nothing is filled in. `meshy` itself is gone. */
export type Directives = Partial<Omit<DirectiveValues, 'meshy'>> & { [name: ApiDirectiveName]: ParamValue }

/** Directives as people write them in options: by name or alias, `pose` also as `a` or `t`. */
export type DirectiveObject = {
  [N in Exclude<DirectiveName, 'meshy' | 'pose' | 'lods'>]?: DirectiveValues[N] | undefined
} & {
  lods?: number | number[] | undefined
  pose?: DirectiveValues['pose'] | 'a' | 't' | undefined
  [alias: string]: unknown
}

/** What is made of a model on this machine. */
export type DeriveDirectiveName =
  | 'optimize'
  | 'simplify'
  | 'texture-size'
  | 'texture-format'
  | 'compress'
  | 'height'
  | 'origin'
  | 'lods'
  | 'max-bytes'
  | 'max-triangles'

/** Parameters that the API gained after the reference. */
export type LaterDirectiveName =
  | 'model_type'
  | 'texture_model'
  | 'decimation_mode'
  | 'geometry_resolution'
  | 'texture_resolution'
  | 'hd_texture'
  | 'texture_image_urls'
  | 'image_enhancement'
  | 'remove_lighting'
  | 'auto_size'
  | 'origin_at'
  | 'target_formats'
  | 'alpha_thumbnail'
  | 'multi_view_thumbnails'

/** One row of the table: the only place where a directive is described. */
export interface Directive<T = unknown> {
  /** Other names of the same directive. */
  aliases: readonly string[]
  value: ValueType<T>
  /** Parameter of the API that carries the value. */
  param?: string
  /** The value names images: they travel apart from the other parameters. */
  holdsImages?: true
  /** The kinds of task that know it: of one image, of several, or both. */
  kinds: 'single' | 'multi' | 'both'
  /** Whether it decides the bytes, and so belongs to the key. */
  decidesBytes: boolean
  /** One sentence for readers, in Markdown. */
  doc: string
  example: string
}

/** A part of the table: every row fits the value that {@link DirectiveValues} declares. */
export type DirectiveTable<Name extends DirectiveName = DirectiveName> = {
  readonly [N in Name]: Directive<DirectiveValues[N]>
}

/** The name of a directive that hands a parameter to the API which we do not know. */
export type ApiDirectiveName = `api.${string}`
