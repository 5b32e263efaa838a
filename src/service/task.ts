import { z } from 'zod'
import { readMoment } from './moment.ts'
import { TASK_KINDS, TASK_STATUSES } from './schemas.ts'
import type { TaskKind, WireStatus } from './schemas.ts'

/** A task as we read it: what the API calls 0, `null`, an empty string or leaves out is `undefined` here. */
export interface Task {
  id: string
  kind?: TaskKind | undefined
  /** The label that was sent with the request. */
  name?: string | undefined
  /** A status that we do not know is `UNKNOWN`, which means: not finished. */
  status: WireStatus | 'UNKNOWN'
  /** 0 to 100. */
  progress: number
  /** Place in the queue of the account, while `PENDING`. */
  precedingTasks?: number | undefined
  /** Milliseconds since 1970, by the clock of the service; so are the next three. */
  createdAt?: number | undefined
  startedAt?: number | undefined
  finishedAt?: number | undefined
  expiresAt?: number | undefined
  /** What the task really cost, where the service says so. */
  consumedCredits?: number | undefined
  /** Signed addresses, valid for a short while. Never to be stored, nor logged with their query. */
  modelUrls: ModelUrls
  textureUrls: TextureUrls
  thumbnailUrl?: string | undefined
  thumbnailUrls: ThumbnailUrls
  /** The model that made it: what `latest` meant then. */
  aiModel?: string | undefined
  error?: TaskError | undefined
}

export interface ModelUrls {
  glb?: string | undefined
  fbx?: string | undefined
  obj?: string | undefined
  mtl?: string | undefined
  usdz?: string | undefined
  stl?: string | undefined
  '3mf'?: string | undefined
  preRemeshed?: string | undefined
}

export interface TextureUrls {
  baseColor?: string | undefined
  metallic?: string | undefined
  normal?: string | undefined
  roughness?: string | undefined
  emission?: string | undefined
}

/** Preview pictures that are made when they are asked for. */
export interface ThumbnailUrls {
  alpha?: string | undefined
  front?: string | undefined
  right?: string | undefined
  back?: string | undefined
  left?: string | undefined
}

/** Why a task failed, as the service says. */
export interface TaskError {
  message?: string | undefined
  type?: string | undefined
  code?: string | undefined
}

/**
 * Reads a task, or an event of a stream, as loosely as the service writes it.
 *
 * Fields of an unexpected type are taken as absent, and a missing status is an unknown one. A `fallbackId` stands in
 * for a missing id. Returns `undefined` when the value is no task at all: it has neither id nor status.
 */
export function parseTask(value: unknown, fallbackId?: string): Task | undefined {
  const parsed = looseTaskSchema.safeParse(value)
  if (!parsed.success) return undefined
  const wire = parsed.data
  const id = wire.id ?? fallbackId
  if (id === undefined || (wire.id ?? wire.status) === undefined) return undefined
  return {
    id,
    kind: wire.type,
    name: wire.name,
    status: TASK_STATUSES.find((status) => status === wire.status) ?? 'UNKNOWN',
    progress: Math.min(100, Math.max(0, wire.progress ?? 0)),
    precedingTasks: wire.preceding_tasks,
    createdAt: wire.created_at,
    startedAt: wire.started_at,
    finishedAt: wire.finished_at,
    expiresAt: wire.expires_at,
    consumedCredits: wire.consumed_credits,
    modelUrls: readModelUrls(wire.model_urls ?? {}),
    textureUrls: readTextureUrls(wire.texture_urls ?? []),
    thumbnailUrl: wire.thumbnail_url,
    thumbnailUrls: readThumbnailUrls(wire),
    aiModel: wire.ai_model,
    error: wire.task_error && readError(wire.task_error),
  }
}

/** Whether a task will not change any more. */
export function isTerminal(task: Task): boolean {
  return task.status === 'SUCCEEDED' || task.status === 'FAILED' || task.status === 'CANCELED'
}

/** An optional field in which 0, `null`, an empty string and a value of another type mean: not there. */
function loose<Schema extends z.ZodType>(schema: Schema) {
  const absent = (value: unknown) => (value === 0 || value === null || value === '' ? undefined : value)
  return z.preprocess(absent, schema.optional().catch(undefined)).optional()
}

const text = loose(z.string())
const amount = loose(z.number().nonnegative())
/** A number, also where it is told as text: what was charged decides what may be repeated. */
const credits = loose(
  z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number().nonnegative()),
)
/** Epoch milliseconds, or the RFC 3339 text that the prose of the reference promises. */
const moment = loose(z.union([z.number(), z.string()]).transform(readMoment))

const looseModelUrls = z.looseObject({
  glb: text,
  fbx: text,
  obj: text,
  mtl: text,
  usdz: text,
  stl: text,
  '3mf': text,
  pre_remeshed_glb: text,
})
const looseThumbnailUrls = z.looseObject({ front: text, right: text, back: text, left: text })
const looseTextureUrls = z.looseObject({
  base_color: text,
  metallic: text,
  normal: text,
  roughness: text,
  emission: text,
})
const looseErrorSchema = z.looseObject({ message: text, type: text, code: text })

const looseTaskSchema = z.looseObject({
  id: text,
  type: loose(z.enum(TASK_KINDS)),
  name: text,
  model_urls: loose(looseModelUrls),
  thumbnail_url: text,
  alpha_thumbnail_url: text,
  thumbnail_urls: loose(looseThumbnailUrls),
  ai_model: text,
  progress: amount,
  created_at: moment,
  started_at: moment,
  finished_at: moment,
  expires_at: moment,
  status: text,
  // The reference shows a list of one object; some answers hold the object itself.
  texture_urls: loose(z.union([z.array(looseTextureUrls), looseTextureUrls.transform((maps) => [maps])])),
  preceding_tasks: amount,
  task_error: loose(looseErrorSchema),
  consumed_credits: credits,
})

function readModelUrls(urls: z.infer<typeof looseModelUrls>): ModelUrls {
  const { glb, fbx, obj, mtl, usdz, stl, '3mf': threeMf, pre_remeshed_glb: preRemeshed } = urls
  return { glb, fbx, obj, mtl, usdz, stl, '3mf': threeMf, preRemeshed }
}

function readTextureUrls(sets: z.infer<typeof looseTextureUrls>[]): TextureUrls {
  const [first = {}] = sets
  const { base_color: baseColor, metallic, normal, roughness, emission } = first
  return { baseColor, metallic, normal, roughness, emission }
}

function readThumbnailUrls({
  alpha_thumbnail_url: alpha,
  thumbnail_urls: { front, right, back, left } = {},
}: z.infer<typeof looseTaskSchema>): ThumbnailUrls {
  return { alpha, front, right, back, left }
}

function readError({ message, type, code }: z.infer<typeof looseErrorSchema>): TaskError | undefined {
  return (message ?? type ?? code) === undefined ? undefined : { message, type, code }
}
