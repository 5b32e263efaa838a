import { z } from 'zod'
import { TASK_KINDS } from '../request/task-kinds.ts'
import { isParamValue, type ParamValue } from '../request/param-value.ts'
import { fitsRole, type FileRole } from '../request/files.ts'
import { EXT_PATTERN, KEY_PATTERN, SHA256_PATTERN } from './entry.ts'

const count = z.int().nonnegative()
const vec3 = z.tuple([z.number(), z.number(), z.number()])
const imageDigest = z.looseObject({
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  bytes: count,
  sha256: z.string().regex(SHA256_PATTERN).optional(),
})

export const isoTimeSchema = z.iso.datetime({ offset: true })

export const paramsSchema = z.record(z.string(), z.custom<ParamValue>(isParamValue))

// The schemas are loose: fields added by a later minor version survive being read and written by this one.

export const canonicalRequestSchema = z.looseObject({
  kind: z.enum(TASK_KINDS),
  images: z.array(imageDigest),
  textureImages: z.array(z.union([imageDigest, z.looseObject({ url: z.string() })])),
  params: paramsSchema,
  take: z.int().positive(),
  emulated: z.boolean(),
})

const blobRefSchema = z.looseObject({
  sha256: z.string().regex(SHA256_PATTERN),
  bytes: count,
  ext: z.string().regex(EXT_PATTERN),
})

const factsSchema = z.looseObject({
  triangles: count,
  vertices: count,
  materials: count,
  textures: count,
  animations: count,
  bounds: z.looseObject({ min: vec3, max: vec3, size: vec3 }),
  revision: count.optional(),
})

const derivedFileSchema = z.looseObject({
  ...blobRefSchema.shape,
  ext: z.literal('glb'),
  steps: z.array(z.string()),
  facts: factsSchema,
})

const filesSchema = z
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
export const entryBodySchema = z.looseObject({
  image: nameSchema,
  model: nameSchema,
  source: z.enum(['meshy', 'emulator', 'pinned']),
  request: canonicalRequestSchema,
  files: filesSchema,
  // Roles of later versions are accepted: they are only compared.
  unavailable: z.array(z.custom<FileRole>((role) => typeof role === 'string')).optional(),
  facts: factsSchema,
  derived: z.record(z.string().regex(KEY_PATTERN), derivedFileSchema).optional(),
  task: z
    .looseObject({
      id: nameSchema.min(1),
      credits: z.number().nonnegative(),
      createdAt: isoTimeSchema.optional(),
    })
    .optional(),
})

const taskTimesSchema = z.looseObject({
  createdAt: isoTimeSchema.optional(),
  startedAt: isoTimeSchema.optional(),
  finishedAt: isoTimeSchema.optional(),
})

export const provenanceSchema = z.looseObject({
  pluginVersion: z.string(),
  storedAt: isoTimeSchema,
  task: taskTimesSchema.optional(),
  consumedCredits: z.number().nonnegative().optional(),
  aiModel: z.string().optional(),
  params: paramsSchema,
  takenFrom: z.string().optional(),
  derived: z
    .record(z.string(), z.looseObject({ derivedAt: isoTimeSchema, tools: z.record(z.string(), z.string()) }))
    .optional(),
})
