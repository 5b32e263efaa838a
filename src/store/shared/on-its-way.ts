import { z } from 'zod'
import { isoTimeSchema } from '../entry.ts'
import type { JournalRecord } from '../journal-record.ts'

/**
 * What others are told about a request that was sent, beside its lease. Whoever takes the lease over after a crash
 * continues from it: the account's own list does not help if the service returns no names.
 */
export const onItsWaySchema = z.looseObject({
  /** Origin of the API. */
  host: z.string(),
  /** See `accountDigest`. */
  account: z.string(),
  startedAt: isoTimeSchema,
  sent: z.object({ sentAt: isoTimeSchema, answerBy: isoTimeSchema, named: z.boolean() }).optional(),
  lost: z.literal(true).optional(),
  taskId: z.string().min(1).optional(),
})

export type OnItsWay = z.infer<typeof onItsWaySchema>

/** What a journal record tells others: nothing, if nothing is on its way. */
export function onItsWayOf(record: JournalRecord): OnItsWay | undefined {
  if (record.state !== 'started' && record.state !== 'accepted') return undefined
  const { host, account, startedAt } = record
  if (record.state === 'accepted') return { host, account, startedAt, taskId: record.taskId }
  const { sent, lost } = record
  return sent ? { host, account, startedAt, sent, ...(lost ? { lost } : {}) } : undefined
}

/** Whether others report another submission than the one whose task this record has. */
export function isOfOther(record: JournalRecord | undefined, told: OnItsWay): boolean {
  if (record?.state !== 'accepted') return false
  return told.taskId !== record.taskId && told.startedAt !== record.startedAt
}

/**
 * Whether the end of a record also ends what others are told: a task that is known to be over, or a submission that the
 * record is about, or that whoever began the record later has first continued from.
 *
 * @param tasks those that are over
 */
export function isEndedBy(
  record: JournalRecord | undefined,
  told: OnItsWay,
  tasks: readonly string[],
): boolean {
  if (told.taskId !== undefined) return tasks.includes(told.taskId)
  if (!record || record.state === 'forgotten') return false
  if (told.account !== record.account || told.host !== record.host) return false
  const hasSent = record.state === 'failed' || (record.state === 'started' && (record.sent || record.lost))
  if (!hasSent) return told.startedAt === record.startedAt
  return Date.parse(told.startedAt) <= Date.parse(record.startedAt)
}
