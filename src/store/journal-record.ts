import { z } from 'zod'
import type { CanonicalRequest } from '../request/request.ts'
import { canonicalRequestSchema, isoTimeSchema, paramsSchema, KEY_PATTERN } from './entry.ts'
import { RECORD_VERSION } from './record.ts'
import { once } from '../system/once.ts'
import type { Params } from '../request/param-value.ts'

/** What is known about a request before it is sent. Contains images only as digests. */
export interface JournalStart {
  key: string
  /** File name of the imported image, for readers. */
  image: string
  request: CanonicalRequest
  /** Every effective parameter, spelled out. */
  params: Params
  /** Origin of the API: `https://api.meshy.ai`. */
  host: string
  /** See `accountDigest`. */
  account: string
  /** ISO time, by the clock of the service if that is known. */
  startedAt: string
}

interface Common {
  key: string
  image: string
  request: CanonicalRequest
  /** Tasks that the user gave up: they are never adopted again. */
  forgottenTasks: string[]
  /** ISO time of the last `forget`: what others have sent before it is given up as well. */
  forgottenAt?: string | undefined
}

interface Attempt extends Common, JournalStart {
  /** How often a submission of this key was started since it was last stored or forgotten. */
  attempts: number
}

export interface JournalFailure {
  code: string
  message: string
  /** The task that failed, if there was one. */
  taskId?: string | undefined
  /** Whether the cause was the service, the account or a person, so that a later build may submit it again. */
  retryable?: boolean | undefined
  /** What the service charged for the task despite its failure; absent if it was refunded. */
  consumedCredits?: number | undefined
}

/** When a request was last sent. */
export interface Sent {
  /** ISO time, by the clock of the service. */
  sentAt: string
  /** ISO time until which its answer may come, and its task may appear in the account. */
  answerBy: string
  /** Whether it carried the `name` by which its task can be found. */
  named: boolean
}

/** The service may or may not have the request. */
export interface StartedRecord extends Attempt {
  state: 'started'
  /** Absent while nothing was sent: then nothing was paid. */
  sent?: Sent | undefined
  /** The answer was awaited and lost. Absent if the process ended before that was known. */
  lost?: true | undefined
}

/** The service has the request: this task is being paid for. */
export interface AcceptedRecord extends Attempt {
  state: 'accepted'
  taskId: string
}

/** The service refused or refunded it, and it must not be repeated by itself. */
export interface FailedRecord extends Attempt {
  state: 'failed'
  failure: JournalFailure
}

/** Nothing is on its way; the record keeps the IDs of given-up tasks. */
export interface ForgottenRecord extends Common {
  state: 'forgotten'
}

/**
 * Tasks that are not adopted when a request is submitted again: whoever asks for that knows of a charge for nothing.
 */
export function givenUpTasks(record: JournalRecord | undefined): string[] {
  if (record?.state !== 'failed') return record?.forgottenTasks ?? []
  const { taskId, consumedCredits } = record.failure
  return taskId !== undefined && consumedCredits ? [...record.forgottenTasks, taskId] : record.forgottenTasks
}

/** The task that a record is about, if there is one. */
export function tasksOf(record: JournalRecord): string[] {
  if (record.state === 'accepted') return [record.taskId]
  return record.state === 'failed' && record.failure.taskId ? [record.failure.taskId] : []
}

export type JournalRecord = StartedRecord | AcceptedRecord | FailedRecord | ForgottenRecord

/** The content of `journal/<key>.json`. Created when a record is read: nothing is on its way in most runs. */
export const journalRecordSchema = once(() => {
  const taskId = z.string().min(1)

  const common = {
    version: z.literal(RECORD_VERSION),
    key: z.string().regex(KEY_PATTERN),
    image: z.string(),
    request: canonicalRequestSchema,
    forgottenTasks: z.array(taskId),
    forgottenAt: isoTimeSchema.optional(),
  }

  const attempt = {
    params: paramsSchema,
    host: z.string(),
    account: z.string(),
    startedAt: isoTimeSchema,
    attempts: z.int().positive(),
  }

  const sent = z.looseObject({ sentAt: isoTimeSchema, answerBy: isoTimeSchema, named: z.boolean() })

  const failure = z.looseObject({
    code: z.string(),
    message: z.string(),
    taskId: taskId.optional(),
    retryable: z.boolean().optional(),
    consumedCredits: z.number().nonnegative().optional(),
  })

  return z.discriminatedUnion('state', [
    z.looseObject({
      state: z.literal('started'),
      ...common,
      ...attempt,
      sent: sent.optional(),
      lost: z.literal(true).optional(),
    }),
    z.looseObject({ state: z.literal('accepted'), ...common, ...attempt, taskId }),
    z.looseObject({ state: z.literal('failed'), ...common, ...attempt, failure }),
    z.looseObject({ state: z.literal('forgotten'), ...common }),
  ])
})
