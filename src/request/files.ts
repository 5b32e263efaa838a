import type { AssetFiles, AssetTextures, AssetThumbnails } from '../types.ts'
import type { Directives } from './directives.ts'
import { fileFormats, type FormatName } from './file-formats.ts'

/** One file that a model can have. */
interface ModelFile {
  format: FormatName
  /** Where the answer of a finished task has its address: a field, or a field of a field. */
  answer: readonly [field: string, inner?: string]
  /** The export of a module that shows its URL, and its name in that export. */
  shown: Shown
  isWanted(directives: Directives): boolean | undefined
  /** The parameter without which no task produces it. */
  asks?: 'alpha_thumbnail' | 'multi_view_thumbnails'
}

type Shown =
  | readonly ['url' | 'thumbnail']
  | readonly ['files', keyof AssetFiles]
  | readonly ['textures', keyof AssetTextures]
  | readonly ['thumbnails', keyof AssetThumbnails]

/** Requested by name, or because an OBJ contains none. */
const maps = ({ textures, formats }: Directives) => textures === true || formats?.includes('obj')

const format = (name: NonNullable<Directives['formats']>[number]) =>
  ({
    format: name,
    answer: ['model_urls', name],
    shown: ['files', name],
    isWanted: ({ formats }: Directives) => formats?.includes(name),
  }) as const
const map = (wire: string, name: keyof AssetTextures) =>
  ({ format: 'picture', answer: ['texture_urls', wire], shown: ['textures', name], isWanted: maps }) as const
const side = (name: keyof AssetThumbnails) =>
  ({
    format: 'picture',
    answer: ['thumbnail_urls', name],
    shown: ['thumbnails', name],
    isWanted: ({ multi_view_thumbnails: sides }: Directives) => sides,
    asks: 'multi_view_thumbnails',
  }) as const

/** Every file that a model can have, by the name of its field in an entry; the lockfile lists them in this order. */
const modelFiles = {
  glb: { format: 'glb', answer: ['model_urls', 'glb'], shown: ['url'], isWanted: () => true },
  preRemeshed: {
    format: 'glb',
    answer: ['model_urls', 'pre_remeshed_glb'],
    shown: ['files', 'preRemeshed'],
    isWanted: ({ 'pre-remesh': wanted }) => wanted,
  },
  fbx: format('fbx'),
  obj: format('obj'),
  mtl: {
    format: 'mtl',
    answer: ['model_urls', 'mtl'],
    shown: ['files', 'mtl'],
    isWanted: ({ formats }) => formats?.includes('obj'),
  },
  usdz: format('usdz'),
  stl: format('stl'),
  '3mf': format('3mf'),
  thumbnail: {
    format: 'picture',
    answer: ['thumbnail_url'],
    shown: ['thumbnail'],
    isWanted: ({ thumbnail }) => thumbnail,
  },
  baseColor: map('base_color', 'baseColor'),
  metallic: map('metallic', 'metallic'),
  normal: map('normal', 'normal'),
  roughness: map('roughness', 'roughness'),
  emission: map('emission', 'emission'),
  alphaThumbnail: {
    format: 'picture',
    answer: ['alpha_thumbnail_url'],
    shown: ['thumbnails', 'alpha'],
    isWanted: ({ alpha_thumbnail: wanted }) => wanted,
    asks: 'alpha_thumbnail',
  },
  frontThumbnail: side('front'),
  rightThumbnail: side('right'),
  backThumbnail: side('back'),
  leftThumbnail: side('left'),
} satisfies Record<string, ModelFile>

export type FileRole = keyof typeof modelFiles
export const FILE_ROLES = Object.keys(modelFiles) as FileRole[]

export function fileOf(role: FileRole): ModelFile {
  return modelFiles[role]
}

/** The files that an import wants, the GLB first. */
export function wantedRoles(directives: Directives): FileRole[] {
  return FILE_ROLES.filter((role) => fileOf(role).isWanted(directives))
}

/**
 * Whether a file with this role can have this extension. An emitted file is identified by its extension alone, and an
 * HTML page among the files of a project could do more harm than a model. Roles of later versions are never emitted.
 */
export function fitsRole(role: string, ext: string): boolean {
  const known = FILE_ROLES.find((name) => name === role)
  return known === undefined || fileFormats[fileOf(known).format].extensions.some((one) => one === ext)
}
