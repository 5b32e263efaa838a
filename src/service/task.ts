import { z } from 'zod'
import { TASK_KINDS, type TaskKind } from '../request/task-kinds.ts'
import { FILE_ROLES, fileOf, type FileRole } from '../request/files.ts'

/**
 * A task as we read it: anything that the API writes as 0, `null` or an empty string, or omits, is `undefined` here.
 */
export interface Task {
  id: string
  kind?: TaskKind | undefined
  /** The label that was sent with the request. */
  name?: string | undefined
  /** An unknown status is `UNKNOWN`, which means: not finished. */
  status: WireStatus | 'UNKNOWN'
  /** 0 to 100. */
  progress: number
  /** Place in the queue of the account, while `PENDING`. */
  precedingTasks?: number | undefined
  /** Milliseconds since 1970, by the clock of the service; so are the next two. */
  createdAt?: number | undefined
  startedAt?: number | undefined
  finishedAt?: number | undefined
  /** What the task really cost, if the service says so. */
  consumedCredits?: number | undefined
  /** Signed addresses, valid for a short time. Never store them, and never log them with their query. */
  urls: FileUrls
  /** The model that generated it: what `latest` meant at that time. */
  aiModel?: string | undefined
  error?: TaskError | undefined
}

/** Addresses of the files that a task made. */
type FileUrls = Partial<Record<FileRole, string>>

/** Why a task failed, according to the service. */
export interface TaskError {
  message?: string | undefined
  type?: string | undefined
  code?: string | undefined
}

/**
 * Reads a task, or an event of a stream, as tolerantly as the service writes it.
 *
 * Fields of an unexpected type count as absent, and a missing status is an unknown one. A `fallbackId` replaces a
 * missing ID. Returns `undefined` if the value is not a task at all: it has neither ID nor status.
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
    consumedCredits: wire.consumed_credits,
    urls: readUrls(wire),
    aiModel: wire.ai_model,
    error: wire.task_error && readError(wire.task_error),
  }
}

/** Whether a task will not change any more. */
export function isTerminal(task: Task): boolean {
  return task.status === 'SUCCEEDED' || task.status === 'FAILED' || task.status === 'CANCELED'
}

/** An optional field in which 0, `null`, an empty string and a value of another type mean: absent. */
function loose<Schema extends z.ZodType>(schema: Schema) {
  const absent = (value: unknown) => (value === 0 || value === null || value === '' ? undefined : value)
  return z.preprocess(absent, schema.optional().catch(undefined)).optional()
}

const text = loose(z.string())
const amount = loose(z.number().nonnegative())
/** A number, even if it is given as text: what was charged decides what may be repeated. */
const credits = loose(
  z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number().nonnegative()),
)
/** Epoch milliseconds, or the RFC 3339 text that the prose of the reference promises. */
const moment = loose(z.union([z.number(), z.string()]).transform(readMoment))

/** The reference shows an object; some servers only write the message. */
const looseErrorSchema = z.union([
  z.string().transform((message) => ({ message, type: undefined, code: undefined })),
  z.looseObject({ message: text, type: text, code: text }),
])

const looseTaskSchema = z.looseObject({
  id: text,
  type: loose(z.enum(TASK_KINDS)),
  name: text,
  ai_model: text,
  progress: amount,
  created_at: moment,
  started_at: moment,
  finished_at: moment,
  status: text,
  preceding_tasks: amount,
  task_error: loose(looseErrorSchema),
  consumed_credits: credits,
})

function readUrls(wire: object): FileUrls {
  const found = FILE_ROLES.map((role) => [role, textAt(wire, fileOf(role).answer)] as const)
  return Object.fromEntries(found.filter(([, url]) => url !== undefined))
}

/** A text in an answer by its path; an empty text, or another type, counts as absent. */
function textAt(value: unknown, [field, ...inner]: readonly (string | undefined)[]): string | undefined {
  if (field === undefined) return typeof value === 'string' && value !== '' ? value : undefined
  // The reference shows the texture maps as a list of one object; some answers contain the object itself.
  const holders: unknown[] = Array.isArray(value) ? value : [value]
  for (const holder of holders) {
    if (typeof holder !== 'object' || holder === null) continue
    const found = textAt((holder as Record<string, unknown>)[field], inner)
    if (found !== undefined) return found
  }
  return undefined
}

function readError({ message, type, code }: z.infer<typeof looseErrorSchema>): TaskError | undefined {
  return (message ?? type ?? code) === undefined ? undefined : { message, type, code }
}

/** Every status of the reference. */
export const TASK_STATUSES = ['PENDING', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const
type WireStatus = (typeof TASK_STATUSES)[number]

/** No answer of the service is older, or newer. */
const EARLIEST = Date.UTC(2020)
const LATEST = Date.UTC(2100)

/** Milliseconds, or what other servers and proxies turn them into: seconds, microseconds, nanoseconds. */
const UNITS = [1, 1e3, 1e-3, 1e-6]

/** A moment in milliseconds since 1970 as the service reports it, in whatever unit; undefined if it cannot be one. */
function readMoment(value: number | string): number | undefined {
  const number = typeof value === 'string' ? parseMoment(value) : value
  return UNITS.map((unit) => Math.round(number * unit)).find((ms) => ms >= EARLIEST && ms < LATEST)
}

function parseMoment(text: string): number {
  return /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : Date.parse(text)
}

/** Whether a moment can be written the way records need it, with a four-digit year. */
export function isTellable(ms: number): boolean {
  return ms >= 0 && ms < LATEST
}
