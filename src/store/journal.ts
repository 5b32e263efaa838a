import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { syncFolder } from '../system/durable.ts'
import {
  givenUpTasks,
  tasksOf,
  journalRecordSchema,
  type AcceptedRecord,
  type FailedRecord,
  type ForgottenRecord,
  type JournalFailure,
  type JournalRecord,
  type JournalStart,
  type Sent,
  type StartedRecord,
} from './journal-record.ts'
import { listKeys, type Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { readRecord, RECORD_VERSION, writeRecord } from './record.ts'
import { ifIntact, orUnwritable } from './disk-errors.ts'

/** What is given up by `forget`. */
export interface Forgotten {
  key: string
  image: string
  request: CanonicalRequest
  /** ISO time, by the clock of the service if that is known. */
  forgottenAt?: string | undefined
  /** Tasks that are never to be adopted again, besides those in the record. */
  tasks?: Iterable<string>
}

/**
 * Requests on their way. Each method returns once its record is durable, and writes only under the lease of its key.
 *
 * @throws MESHY_JOURNAL_INVALID for a record that is not valid: it never counts as absent, because a model may be being
 * paid for; MESHY_CACHE_VERSION; MESHY_CACHE_UNWRITABLE
 */
export interface Journal {
  read(key: string): Promise<JournalRecord | undefined>
  /** Before the first byte is sent. Keeps the forgotten tasks. */
  start(start: JournalStart): Promise<StartedRecord>
  /** Right before the request is sent. */
  send(key: string, sent: Sent): Promise<StartedRecord>
  /** When the service refused what was sent, so nothing can come of it. */
  unsend(key: string): Promise<StartedRecord>
  /** When the answer to a submission was lost: it may have been accepted, and is never repeated by itself. */
  lose(key: string): Promise<StartedRecord>
  /**
   * As soon as the ID of the task is known, or when a task is adopted.
   *
   * @param known if it differs from the record: how the task can be read from now on, and when it started
   */
  accept(
    key: string,
    taskId: string,
    known?: Partial<Pick<JournalStart, 'host' | 'account' | 'startedAt'>>,
  ): Promise<AcceptedRecord>
  /** When the service refunded the task, or refused it for good. */
  fail(key: string, failure: JournalFailure): Promise<FailedRecord>
  /** Replaces whatever exists, including a record that cannot be read: that is what the user asks for. */
  forget(forgotten: Forgotten): Promise<ForgottenRecord>
  /** Removes whatever exists, if nothing but the key of an unreadable record is known. */
  discard(key: string): Promise<void>
  /** When the entry is stored, or when provably nothing was sent. What was forgotten stays known. */
  clear(key: string): Promise<void>
  /** Keys with a record, sorted. */
  keys(): Promise<string[]>
  /** Keys with a record when this run first asked: read once, because it is needed for each import. */
  begun(): Promise<ReadonlySet<string>>
}

export function createJournal(layout: Layout, prepare = createPreparation(layout)): Journal {
  const read = async (key: string): Promise<JournalRecord | undefined> =>
    await readJournalRecord(layout.journalRecord(key), key)

  const write = async <R extends JournalRecord>(record: R): Promise<R> => {
    await prepare()
    await writeRecord(layout.journalRecord(record.key), { version: RECORD_VERSION, ...record }, layout.tmp)
    return record
  }

  let begun: Promise<ReadonlySet<string>> | undefined
  return {
    read,
    begun: () => (begun ??= listKeys(layout.journal).then((keys) => new Set(keys))),
    start: async (start) => await write(startAfter(await read(start.key), start)),
    lose: async (key) => await write({ ...asStarted(await read(key), key, 'lost'), lost: true }),
    send: async (key, sent) => await write({ ...asStarted(await read(key), key, 'sent'), sent }),
    unsend: async (key) => await write({ ...asStarted(await read(key), key, 'sent'), sent: undefined }),
    accept: async (key, taskId, known) =>
      await write({ ...acceptAfter(await read(key), key, taskId), ...known }),
    fail: async (key, failure) => await write(failAfter(await read(key), key, failure)),
    forget: async (forgotten) =>
      await write(
        forgetAfter(await ifIntact(() => read(forgotten.key), ['MESHY_JOURNAL_INVALID']), forgotten),
      ),
    discard: (key) => remove(layout.journalRecord(key), layout.journal),
    clear: async (key) => {
      const record = await read(key)
      if (!record) return
      if (record.forgottenTasks.length > 0 || record.forgottenAt !== undefined)
        await write(forgetAfter(undefined, { ...record, tasks: record.forgottenTasks }))
      else await remove(layout.journalRecord(key), layout.journal)
    },
    keys: () => listKeys(layout.journal),
  }
}

/**
 * Distinguishes accounts without revealing the API key. Keys are long and random, so a digest cannot be reversed by
 * guessing; the label keeps it from being a plain digest of the key that anyone else may have.
 */
export function accountDigest(apiKey: string): string {
  return createHash('sha256').update(`unplugin-meshy account ${apiKey}`).digest('hex').slice(0, 16)
}

function startAfter(previous: JournalRecord | undefined, start: JournalStart): StartedRecord {
  if (previous?.state === 'accepted') {
    throw new Error(`Task ${previous.taskId} of ${start.key} must be settled before another one is started`)
  }
  const { key, image, request, params, host, account, startedAt } = start
  return {
    state: 'started',
    key,
    image,
    request,
    params,
    host,
    account,
    startedAt,
    attempts: 1 + (previous && previous.state !== 'forgotten' ? previous.attempts : 0),
    forgottenTasks: givenUpTasks(previous),
    forgottenAt: previous?.forgottenAt,
  }
}

function acceptAfter(previous: JournalRecord | undefined, key: string, taskId: string): AcceptedRecord {
  if (previous?.state === 'accepted' && previous.taskId === taskId) return previous
  const { lost: _, sent: __, ...attempt } = asStarted(previous, key, 'accepted')
  return { ...attempt, state: 'accepted', taskId }
}

function failAfter(previous: JournalRecord | undefined, key: string, failure: JournalFailure): FailedRecord {
  if (previous?.state === 'accepted') {
    const { taskId, ...attempt } = previous
    return { ...attempt, state: 'failed', failure: { taskId, ...failure } }
  }
  const { lost: _, sent: __, ...attempt } = asStarted(previous, key, 'failed')
  return { ...attempt, state: 'failed', failure }
}

function forgetAfter(
  previous: JournalRecord | undefined,
  { key, image, request, forgottenAt, tasks = [] }: Forgotten,
): ForgottenRecord {
  const known = previous ? [...previous.forgottenTasks, ...tasksOf(previous)] : []
  const forgottenTasks = [...new Set([...known, ...tasks])]
  return {
    state: 'forgotten',
    key,
    image,
    request,
    forgottenTasks,
    forgottenAt: later(forgottenAt, previous),
  }
}

/** Not before what is given up began: that has the time of the service, which this machine may be behind. */
function later(forgottenAt: string | undefined, previous: JournalRecord | undefined): string | undefined {
  if (forgottenAt === undefined || !previous || previous.state === 'forgotten') return forgottenAt
  const isAhead = Date.parse(previous.startedAt) > Date.parse(forgottenAt)
  return isAhead ? previous.startedAt : forgottenAt
}

/** A step out of order is a bug of ours, not something that the user could settle. */
function asStarted(previous: JournalRecord | undefined, key: string, next: string): StartedRecord {
  if (previous?.state === 'started') return previous
  throw new Error(`The journal record of ${key} is ${previous?.state ?? 'absent'}: it cannot become ${next}`)
}

async function readJournalRecord(file: string, key: string): Promise<JournalRecord | undefined> {
  const found = await readRecord(file, { schema: journalRecordSchema, corrupt: journalInvalid })
  if (!found) return undefined
  if (found.key !== key) throw journalInvalid(file, `its key is \`${found.key}\``)
  const { version: _, ...record } = found
  return record
}

async function remove(file: string, folder: string): Promise<void> {
  await orUnwritable(file, async () => {
    await rm(file, { force: true })
    await syncFolder(folder)
  })
}

function journalInvalid(file: string, problem: string, cause?: unknown): MeshyError {
  const key = path.basename(file, '.json')
  return new MeshyError('MESHY_JOURNAL_INVALID', {
    message: `\`${file}\` is not a valid journal record: ${problem}. Its model may already be being paid for.`,
    hint:
      `Run \`unplugin-meshy forget ${key}\` to settle it. The next build then adopts the task of the account that carries ` +
      'the key, and pays only if there is none.',
    details: { file },
    cause,
  })
}
