import type { Facts } from '../glb/facts.ts'
import type { CanonicalRequest, Params } from '../request/request.ts'

/** What a file of an entry is: the names of the fields in `files` and `textures` of an asset. */
export const FILE_ROLES = [
  'glb', 'preRemeshed', 'fbx', 'obj', 'mtl', 'usdz', 'stl', '3mf', 'thumbnail',
  'baseColor', 'metallic', 'normal', 'roughness', 'emission',
  'alphaThumbnail', 'frontThumbnail', 'rightThumbnail', 'backThumbnail', 'leftThumbnail',
] as const // prettier-ignore
export type FileRole = (typeof FILE_ROLES)[number]

/** The service makes pictures of either kind; viewers tell others by their bytes. */
const PICTURE = ['png', 'jpg', 'webp'] as const

/**
 * The extensions that a file of a role can have. What is emitted under a name of ours is told by these alone: a page among
 * the files of a project could do more than a model.
 */
export const ROLE_EXTENSIONS: Record<FileRole, readonly string[]> = {
  glb: ['glb'],
  preRemeshed: ['glb'],
  fbx: ['fbx'],
  obj: ['obj'],
  mtl: ['mtl'],
  usdz: ['usdz'],
  stl: ['stl'],
  '3mf': ['3mf'],
  thumbnail: PICTURE,
  baseColor: PICTURE,
  metallic: PICTURE,
  normal: PICTURE,
  roughness: PICTURE,
  emission: PICTURE,
  alphaThumbnail: PICTURE,
  frontThumbnail: PICTURE,
  rightThumbnail: PICTURE,
  backThumbnail: PICTURE,
  leftThumbnail: PICTURE,
}

/** Whether a file of a role can have this extension. Roles of later versions are none that we emit. */
export function fitsRole(role: string, ext: string): boolean {
  const known = FILE_ROLES.find((name) => name === role)
  return known === undefined || ROLE_EXTENSIONS[known].includes(ext)
}

/** A file in the cache, by its bytes. */
export interface BlobRef {
  sha256: string
  bytes: number
  /** File extension without the dot: `glb`, `png`. */
  ext: string
}

/** What was made of a model on some machine. Its bytes are a blob like those of the model itself. */
export interface DerivedFile extends BlobRef {
  /** What was done, in this order, for readers. */
  steps: string[]
  facts: Facts
}

/** The record of a finished request. */
export interface Entry {
  key: string
  /** File name of the imported image, for the reader. */
  image: string
  request: CanonicalRequest
  /** `ai_model` as requested. */
  model: string
  /** Where the bytes come from: `pinned` are the user's own. */
  source: 'meshy' | 'emulator' | 'pinned'
  files: Partial<Record<FileRole, BlobRef>> & { glb: BlobRef }
  /** Files that were asked for and that the task did not make. */
  unavailable?: FileRole[] | undefined
  facts: Facts
  /** What was derived from the GLB, by the key of the derivation. */
  derived?: Record<string, DerivedFile> | undefined
  /** The task that made it; absent for the user's own bytes. */
  task?: { id: string; credits: number; createdAt?: string | undefined } | undefined
}

/** What only the machine knows that stored an entry. Never in the lockfile. */
export interface Provenance {
  pluginVersion: string
  /** ISO time. */
  storedAt: string
  /** ISO times of the task, by the clock of the service. */
  task?:
    | { createdAt?: string | undefined; startedAt?: string | undefined; finishedAt?: string | undefined }
    | undefined
  /** What the task really cost, where the service says so. */
  consumedCredits?: number | undefined
  /** The model that made it, as the service says: what `latest` meant then. */
  aiModel?: string | undefined
  /** Every effective parameter, spelled out. */
  params: Params
  /** Who had paid for it before, where it was taken from a store. */
  takenFrom?: string | undefined
  /** Which tools derived what, by the key of the derivation. */
  derived?: Record<string, { derivedAt: string; tools: Record<string, string> }> | undefined
}

/** An entry as this machine keeps it. */
export interface StoredEntry extends Entry {
  provenance: Provenance
}

/** Every file that an entry names, what was derived included; each once. */
export function blobsOf({ files, derived = {} }: Pick<Entry, 'files' | 'derived'>): BlobRef[] {
  const all = [...Object.values(files), ...Object.values(derived)]
  return [...new Map(all.map((ref) => [ref.sha256, ref])).values()]
}
