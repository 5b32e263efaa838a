import { z } from 'zod'
import { canonicalRequestSchema, isoTimeSchema, extensible, paramsSchema, KEY_PATTERN } from './entry.ts'
import { RECORD_VERSION } from './record.ts'
import { once } from '../system/once.ts'

/** The content of `journal/<key>.json`. Created when a record is read: nothing is on its way in most runs. */
export const journalRecordSchema = once(() => {
  const taskId = z.string().min(1)

  const common = {
    version: z.literal(RECORD_VERSION),
    key: z.string().regex(KEY_PATTERN),
    /** File name of the imported image, for readers. */
    image: z.string(),
    /** Contains images only as digests. */
    request: canonicalRequestSchema,
    /** Tasks that the user gave up: they are never adopted again. */
    forgottenTasks: z.array(taskId),
    /** Time of the last `forget`: what others have sent before it is given up as well. */
    forgottenAt: isoTimeSchema.optional(),
  }

  const attempt = {
    ...common,
    /** Every effective parameter, spelled out. */
    params: paramsSchema,
    /** Origin of the API: `https://api.meshy.ai`. */
    host: z.string(),
    /** See `accountDigest`. */
    account: z.string(),
    /** By the clock of the service if that is known. */
    startedAt: isoTimeSchema,
    /** How often a submission of this key was started since it was last stored or forgotten. */
    attempts: z.int().positive(),
  }

  const sent = extensible({
    /** By the clock of the service. */
    sentAt: isoTimeSchema,
    /** Until when its answer may come, and its task may appear in the account. */
    answerBy: isoTimeSchema,
    /** Whether it carried the `name` by which its task can be found. */
    named: z.boolean(),
  })

  const failure = extensible({
    code: z.string(),
    message: z.string(),
    /** The task that failed, if there was one. */
    taskId: taskId.optional(),
    /** Whether the cause was the service, the account or a person, so that a later build may submit it again. */
    retryable: z.boolean().optional(),
    /** What the service charged for the task despite its failure; absent if it was refunded. */
    consumedCredits: z.number().nonnegative().optional(),
  })

  return z.discriminatedUnion('state', [
    extensible({
      state: z.literal('started'),
      ...attempt,
      /** When it was last sent. Absent while nothing was sent: then nothing was paid. */
      sent: sent.optional(),
      /** The answer was awaited and lost. Absent if the process ended before that was known. */
      lost: z.literal(true).optional(),
    }),
    extensible({ state: z.literal('accepted'), ...attempt, taskId }),
    extensible({ state: z.literal('failed'), ...attempt, failure }),
    extensible({ state: z.literal('forgotten'), ...common }),
  ])
})

type WithoutVersion<R> = R extends unknown ? Omit<R, 'version'> : never

export type JournalRecord = WithoutVersion<z.infer<ReturnType<typeof journalRecordSchema>>>

/** The service may or may not have the request. */
export type StartedRecord = Extract<JournalRecord, { state: 'started' }>
/** The service has the request: this task is being paid for. */
export type AcceptedRecord = Extract<JournalRecord, { state: 'accepted' }>
/** The service refused or refunded it, and it must not be repeated by itself. */
export type FailedRecord = Extract<JournalRecord, { state: 'failed' }>
/** Nothing is on its way; the record keeps the IDs of given-up tasks. */
export type ForgottenRecord = Extract<JournalRecord, { state: 'forgotten' }>

/** What is known about a request before it is sent. */
export type JournalStart = Pick<
  StartedRecord,
  'key' | 'image' | 'request' | 'params' | 'host' | 'account' | 'startedAt'
>
export type Sent = NonNullable<StartedRecord['sent']>
export type JournalFailure = FailedRecord['failure']

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
