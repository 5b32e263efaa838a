import type { Facts } from '../glb/facts.ts'
import type { CanonicalRequest, ImageDigest } from '../request/request.ts'
import type { Params } from '../request/param-value.ts'
import type { FileRole } from '../request/files.ts'

/** A file in the cache, by its bytes. */
export interface BlobRef {
  sha256: string
  bytes: number
  /** File extension without the dot: `glb`, `png`. */
  ext: string
}

/** A file that some machine derived from a model. Its bytes are a blob like those of the model itself. */
export interface DerivedFile extends BlobRef {
  /** The steps that were applied, in this order, for readers. */
  steps: string[]
  facts: Facts
}

/** The record of a finished request. */
export interface Entry {
  key: string
  /** File name of the imported image, for readers. */
  image: string
  request: CanonicalRequest
  /** `ai_model` as requested. */
  model: string
  /** Where the bytes come from; `pinned` means the user's own. */
  source: 'meshy' | 'emulator' | 'pinned'
  files: Partial<Record<FileRole, BlobRef>> & { glb: BlobRef }
  /** Files that were requested but that the task did not produce. */
  unavailable?: FileRole[] | undefined
  facts: Facts
  /** What was derived from the GLB, by the key of the derivation. */
  derived?: Record<string, DerivedFile> | undefined
  /** The task that made it; absent for the user's own bytes. */
  task?: { id: string; credits: number; createdAt?: string | undefined } | undefined
}

/** What only the machine that stored an entry knows. Never in the lockfile. */
export interface Provenance {
  pluginVersion: string
  /** ISO time. */
  storedAt: string
  /** ISO times of the task, by the clock of the service. */
  task?:
    | { createdAt?: string | undefined; startedAt?: string | undefined; finishedAt?: string | undefined }
    | undefined
  /** What the task really cost, if the service says so. */
  consumedCredits?: number | undefined
  /** The model that generated it, according to the service: what `latest` meant at that time. */
  aiModel?: string | undefined
  /** Every effective parameter, spelled out. */
  params: Params
  /** Who had already paid for it, if it was taken from a store. */
  takenFrom?: string | undefined
  /** Which tools derived what, by the key of the derivation. */
  derived?: Record<string, { derivedAt: string; tools: Record<string, string> }> | undefined
}

/** An entry as this machine keeps it. */
export interface StoredEntry extends Entry {
  provenance: Provenance
}

/** Every file that an entry refers to, including derived ones; each once. */
export function blobsOf({ files, derived = {} }: Pick<Entry, 'files' | 'derived'>): BlobRef[] {
  const all = [...Object.values(files), ...Object.values(derived)]
  return [...new Map(all.map((ref) => [ref.sha256, ref])).values()]
}

/**
 * The folder of a derived file, by its bytes: files with the same derivation differ if their models have other keys,
 * because each names its own.
 */
export function derivedFolder({ sha256 }: Pick<DerivedFile, 'sha256'>): string {
  return sha256.slice(0, 16)
}

/** The folder of the outputs of a file that an entry refers to. */
export function outputFolder({ key, files }: Pick<Entry, 'key' | 'files'>, ref: BlobRef): string {
  return Object.values(files).some(({ sha256 }) => sha256 === ref.sha256) ? key : derivedFolder(ref)
}

/** The key of a request: xxHash64 as hex digits. */
export const KEY_PATTERN = /^[0-9a-f]{16}$/

export const SHA256_PATTERN = /^[0-9a-f]{64}$/

/** A file extension without the dot. */
export const EXT_PATTERN = /^[a-z0-9]{1,8}$/

type Picture = ImageDigest | { url: string }

/** A request, completed with the SHA-256 of images that only the other one has; both have the same key. */
export function withPictures<T extends Pick<CanonicalRequest, 'images' | 'textureImages'>>(
  request: T,
  other: Pick<CanonicalRequest, 'images' | 'textureImages'>,
): T {
  return {
    ...request,
    images: request.images.map((image, index) => united(image, other.images[index])),
    textureImages: request.textureImages.map((image, index) => united(image, other.textureImages[index])),
  }
}

/** Whether all images of a request have their SHA-256. Earlier releases have written entries without them. */
export function hasPictures(request: Pick<CanonicalRequest, 'images' | 'textureImages'>): boolean {
  return picturesOf(request).every((picture) => 'url' in picture || picture.sha256 !== undefined)
}

/** An image that two requests with the same key disagree about; undefined if they agree. */
export function findOtherPicture(
  known: CanonicalRequest,
  wanted: CanonicalRequest,
): { index: number; expected: string; found: string } | undefined {
  const pictures = picturesOf(wanted)
  for (const [index, picture] of picturesOf(known).entries()) {
    const [expected, found] = [sha256Of(picture), sha256Of(pictures[index])]
    if (expected !== undefined && found !== undefined && expected !== found) return { index, expected, found }
  }
  return undefined
}

/** The imported image first, then views, then texture images. */
function picturesOf({
  images,
  textureImages,
}: Pick<CanonicalRequest, 'images' | 'textureImages'>): Picture[] {
  return [...images, ...textureImages]
}

function sha256Of(picture: Picture | undefined): string | undefined {
  return picture && 'hash' in picture ? picture.sha256 : undefined
}

function united<P extends Picture>(picture: P, other: Picture | undefined): P {
  const sha256 = sha256Of(picture) ?? sha256Of(other)
  return 'url' in picture || sha256 === undefined ? picture : { ...picture, sha256 }
}
