import type { WantedDerivation } from './derive-directives.ts'
import type { FileRole } from './files.ts'
import type { Params } from './param-value.ts'
import type { TaskKind } from './task-kinds.ts'

/** What the key knows about the bytes of an image; names do not count. */
export interface ImageDigest {
  /** xxHash64 of the bytes, 16 hex digits. */
  hash: string
  /** Length in bytes. */
  bytes: number
  /** 64 hex digits; not part of the key, but proves it. Records of earlier releases lack it. */
  sha256?: string | undefined
}

export type ImageMime = 'image/png' | 'image/jpeg'

/** An image as it was found on disk. */
export interface SourceImage extends ImageDigest {
  /** Absolute path. */
  file: string
  sha256: string
  mime: ImageMime
  /** In pixels, as stored: EXIF orientation is not applied. */
  width: number
  height: number
}

/** An image that guides texturing: a file, or a public URL that the service fetches by itself. */
export type TextureImage = SourceImage | { url: string }

/** The part of a request that decides the bytes; its fingerprint is the key. Stored in entries and lockfile. */
export interface CanonicalRequest {
  kind: TaskKind
  images: ImageDigest[]
  /** Images that guide texturing, in order. */
  textureImages: (ImageDigest | { url: string })[]
  /** Parameters that differ from the defaults frozen with version 1 of the key. */
  params: Params
  take: number
  /** Whether the API is an emulator: its models never mix with real ones. */
  emulated: boolean
}

/** A retired choice: as written, since which day, and what to write instead. */
export interface RetiredChoice {
  written: string
  since: string
  instead: string
}

/** What one import asks for, validated. */
export interface Request {
  /** Fingerprint of {@link canonical}, 16 hex digits. */
  key: string
  /** File name of the imported image or recipe without folder and extension: `hero`. */
  name: string
  /** File name of the imported image, for readers: `hero.png`. */
  imageName: string
  images: SourceImage[]
  textureImages: TextureImage[]
  /** Every effective parameter, spelled out, without images and `name`. */
  params: Params
  canonical: CanonicalRequest
  /** Which files the import wants, the GLB first. Not part of the key. */
  wanted: FileRole[]
  derivation: WantedDerivation
  /** Further levels of detail, as fractions of the triangles of the first. */
  lods: number[]
  /** Of the emitted GLB. */
  limits: { maxBytes?: number | undefined; maxTriangles?: number | undefined }
  /** What the service no longer makes; see `assertStillMade`. */
  retired?: RetiredChoice | undefined
  /** Things worth telling the author of the import: deprecated or unknown values that are accepted. */
  warnings: string[]
  /** Directives that are sent as they are, because nothing is known about them. */
  unchecked: string[]
}

/** What is known about a request: everything for an import, the contents of the records for a key. */
export type Subject = Pick<Request, 'key' | 'imageName' | 'canonical' | 'params'>
