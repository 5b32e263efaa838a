import { z } from 'zod'
import type { Facts } from '../glb/facts.ts'
import { fitsRole, type FileRole } from '../request/files.ts'
import { isParamValue, type ParamValue } from '../request/param-value.ts'
import type { CanonicalRequest, ImageDigest } from '../request/request.ts'
import { TASK_KINDS } from '../request/task-kinds.ts'

/** The key of a request: xxHash64 as hex digits. */
export const KEY_PATTERN = /^[0-9a-f]{16}$/

export const SHA256_PATTERN = /^[0-9a-f]{64}$/

/** A file extension without the dot. */
export const EXT_PATTERN = /^[a-z0-9]{1,8}$/

/**
 * The schema of an object in a record. Fields that a later minor version adds survive being read and written by this
 * one, but no code can rely on them.
 */
export function extensible<S extends z.ZodRawShape>(shape: S): z.ZodObject<S> {
  return z.looseObject(shape)
}

const count = z.int().nonnegative()
const vec3 = z.tuple([z.number(), z.number(), z.number()])
const imageDigest = extensible({
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  bytes: count,
  sha256: z.string().regex(SHA256_PATTERN).optional(),
})

export const isoTimeSchema = z.iso.datetime({ offset: true })

export const paramsSchema = z.record(z.string(), z.custom<ParamValue>(isParamValue))

export const canonicalRequestSchema: z.ZodType<CanonicalRequest> = extensible({
  kind: z.enum(TASK_KINDS),
  images: z.array(imageDigest),
  textureImages: z.array(z.union([imageDigest, extensible({ url: z.string() })])),
  params: paramsSchema,
  take: z.int().positive(),
  emulated: z.boolean(),
})

const blobRefSchema = extensible({
  sha256: z.string().regex(SHA256_PATTERN),
  bytes: count,
  /** File extension without the dot: `glb`, `png`. */
  ext: z.string().regex(EXT_PATTERN),
})

/** A file in the cache, by its bytes. */
export interface BlobRef extends z.infer<typeof blobRefSchema> {}

const factsSchema: z.ZodType<Facts> = extensible({
  triangles: count,
  vertices: count,
  materials: count,
  textures: count,
  animations: count,
  bounds: extensible({ min: vec3, max: vec3, size: vec3 }),
  revision: count.optional(),
})

const glbExt: z.ZodType<string> = z.literal('glb')

const derivedFileSchema = extensible({
  ...blobRefSchema.shape,
  ext: glbExt,
  /** The steps that were applied, in this order, for readers. */
  steps: z.array(z.string()),
  facts: factsSchema,
})

/** A file that some machine derived from a model. Its bytes are a blob like those of the model itself. */
export interface DerivedFile extends z.infer<typeof derivedFileSchema> {}

const filesSchema: z.ZodType<Partial<Record<FileRole, BlobRef>> & { glb: BlobRef }> = z
  // Whatever role a later version adds, its file is a file.
  .object({ glb: blobRefSchema })
  .catchall(blobRefSchema)
  .superRefine((files, context) => {
    const wrong = Object.entries(files).find(([role, { ext }]) => !fitsRole(role, ext))
    if (!wrong) return
    const [role, { ext }] = wrong
    context.addIssue({
      code: 'custom',
      path: [role, 'ext'],
      message: `a ${role} file cannot be a \`.${ext}\``,
    })
  })

/** Longer than a name in any file system. */
const nameSchema = z.string().max(1024)

/** An entry without its key, which is the name of its block or file. Fields are written in this order. */
export const entryBodySchema = extensible({
  /** File name of the imported image, for readers. */
  image: nameSchema,
  /** `ai_model` as requested. */
  model: nameSchema,
  /** Where the bytes come from; `pinned` means the user's own. */
  source: z.enum(['meshy', 'emulator', 'pinned']),
  request: canonicalRequestSchema,
  files: filesSchema,
  /** Files that were requested but that the task did not produce. Roles of later versions are accepted. */
  unavailable: z.array(z.custom<FileRole>((role) => typeof role === 'string')).optional(),
  facts: factsSchema,
  /** What was derived from the GLB, by the key of the derivation. */
  derived: z.record(z.string().regex(KEY_PATTERN), derivedFileSchema).optional(),
  /** The task that made it; absent for the user's own bytes. */
  task: extensible({
    id: nameSchema.min(1),
    credits: z.number().nonnegative(),
    createdAt: isoTimeSchema.optional(),
  }).optional(),
})

/** The record of a finished request. */
export interface Entry extends z.infer<typeof entryBodySchema> {
  key: string
}

export const provenanceSchema = extensible({
  pluginVersion: z.string(),
  storedAt: isoTimeSchema,
  /** The times of the task, by the clock of the service. */
  task: extensible({
    createdAt: isoTimeSchema.optional(),
    startedAt: isoTimeSchema.optional(),
    finishedAt: isoTimeSchema.optional(),
  }).optional(),
  /** What the task really cost, if the service says so. */
  consumedCredits: z.number().nonnegative().optional(),
  /** The model that generated it, according to the service: what `latest` meant at that time. */
  aiModel: z.string().optional(),
  /** Every effective parameter, spelled out. */
  params: paramsSchema,
  /** Who had already paid for it, if it was taken from a store. */
  takenFrom: z.string().optional(),
  /** Which tools derived what, by the key of the derivation. */
  derived: z
    .record(z.string(), extensible({ derivedAt: isoTimeSchema, tools: z.record(z.string(), z.string()) }))
    .optional(),
})

/** What only the machine that stored an entry knows. Never in the lockfile. */
export interface Provenance extends z.infer<typeof provenanceSchema> {}

/** An entry as this machine keeps it. */
export interface StoredEntry extends Entry {
  provenance: Provenance
}

/** Whether two entries of a key have the same model: another machine may have pinned another one in the meantime. */
export function isSameModel(one: Pick<Entry, 'files'>, other: Pick<Entry, 'files'>): boolean {
  return one.files.glb.sha256 === other.files.glb.sha256
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
