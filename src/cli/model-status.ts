import type { Context } from '../run/context.ts'
import { blobsOf, type Entry, type StoredEntry } from '../store/entry.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { by } from '../system/order.ts'
import { findRecord, readAll, type UnreadableRecord } from '../store/found-records.ts'
import { earliestNow, isOnItsWay } from '../finding/record-state.ts'
import type { State } from '../finding/modes.ts'
import { formatQuery } from '../run/plan.ts'
import { directiveOfParam } from '../request/directives.ts'
import type { CanonicalRequest } from '../request/request.ts'

/** A model of the project, according to the records; its bytes are only measured. `verify` reads them. */
export interface ModelStatus {
  key: string
  /** `?` for a record that cannot be read. */
  image: string
  /** What was asked for besides images, as an import would write it; undefined for a record that cannot be read. */
  query: string | undefined
  state: Exclude<State, 'missing'> | 'failed' | 'unreadable record'
  /** Whether the lockfile has it. */
  pinned: boolean
  /** `pinned` means the user's own bytes; undefined for what is on its way or has failed. */
  source: Entry['source'] | undefined
  /** The model that generated it, as reported to this machine; undefined for what another machine generated. */
  aiModel: string | undefined
  /** Total of all its files. */
  bytes: number
  credits: number
  task: string | undefined
  /** Why it failed, or is unreadable. */
  failure: string | undefined
}

export interface Status {
  models: ModelStatus[]
  /** Files in the cache, whether or not a model uses them. */
  blobs: { count: number; bytes: number; unusedBytes: number }
  spent: Spending
}

/** What this machine and the lockfile know about the project's models. Sends nothing. */
export async function readStatus({ ports: { store, clock } }: Context): Promise<Status> {
  const blobs = await store.blobs.list()
  const sizes = new Map(blobs.map(({ sha256, bytes }) => [sha256, bytes]))
  const pins = (await store.lockfile?.all()) ?? new Map<string, Entry>()
  const stored = await readAll(store.entries, ['MESHY_CACHE_CORRUPT'])
  const records = await readAll({ keys: store.journal.keys, read: (key) => findRecord(store.journal, key) })

  const ownEntries = new Map(stored.map((entry) => [entry.key, entry]))
  const known = new Map<string, Entry>([...ownEntries, ...pins])
  const models = [...known.values()].map((entry) =>
    ofEntry(entry, {
      sizes,
      pinned: pins.has(entry.key),
      aiModel: ownEntries.get(entry.key)?.provenance.aiModel,
    }),
  )
  const now = earliestNow(clock)
  const others = records.filter((record) => isNews(record, known.get(record.key), now))
  const used = new Set([...stored, ...pins.values()].flatMap(blobsOf).map(({ sha256 }) => sha256))
  return {
    models: [...models, ...others.map(ofRecord)].toSorted(by(({ image, key }) => [image, key])),
    blobs: {
      count: blobs.length,
      bytes: sum(blobs.map(({ bytes }) => bytes)),
      unusedBytes: sum(blobs.filter(({ sha256 }) => !used.has(sha256)).map(({ bytes }) => bytes)),
    },
    spent: spending(stored),
  }
}

function ofEntry(
  entry: Entry | StoredEntry,
  {
    sizes,
    pinned,
    aiModel,
  }: Pick<ModelStatus, 'pinned' | 'aiModel'> & { sizes: ReadonlyMap<string, number> },
): ModelStatus {
  const files = blobsOf(entry)
  const isThere = files.every(({ sha256, bytes }) => sizes.get(sha256) === bytes)
  return {
    key: entry.key,
    image: entry.image,
    query: queryOf(entry.request),
    state: isThere ? 'ready' : 'restorable',
    pinned,
    source: entry.source,
    aiModel,
    bytes: sum(files.map(({ bytes }) => bytes)),
    credits: entry.task?.credits ?? 0,
    task: entry.task?.id,
    failure: undefined,
  }
}

function queryOf({ params, take }: CanonicalRequest): string {
  const given = Object.entries(params).map(([name, value]) => [
    directiveOfParam(name) ?? `api.${name}`,
    value,
  ])
  return formatQuery({ ...Object.fromEntries(given), ...(take > 1 ? { take } : {}) })
}

/** Whether a record says more than the entry of its key: something else was started, and may have been paid for. */
function isNews(record: JournalRecord | UnreadableRecord, entry: Entry | undefined, now: number): boolean {
  if (record.state === 'forgotten') return false
  // What was never sent, or is no longer kept by the service, is neither on its way nor paid for.
  if (record.state === 'started' || record.state === 'accepted') {
    if (!isOnItsWay(record, now)) return false
  }
  if (record.state === 'accepted') return record.taskId !== entry?.task?.id
  return !entry || record.state !== 'failed'
}

const NOTHING_STORED = { pinned: false, source: undefined, aiModel: undefined, bytes: 0, credits: 0 }

function ofRecord(record: JournalRecord | UnreadableRecord): ModelStatus {
  const { key } = record
  if (record.state === 'unreadable') {
    const failure = record.error.message
    return {
      ...NOTHING_STORED,
      key,
      image: '?',
      query: undefined,
      state: 'unreadable record',
      task: undefined,
      failure,
    }
  }
  const failure = record.state === 'failed' ? record.failure : undefined
  return {
    ...NOTHING_STORED,
    key,
    image: record.image,
    query: queryOf(record.request),
    state: failure ? 'failed' : 'on its way',
    task: record.state === 'accepted' ? record.taskId : failure?.taskId,
    failure: failure?.message,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Credits that the models stored on this machine cost; those of an emulator cost nothing, and are counted separately. */
interface Spending {
  credits: number
  emulated: number
  /** By the day on which they were stored (UTC), oldest first. */
  days: { day: string; credits: number; emulated: number }[]
}

/** The cost of the models that this machine has stored, in total and by day. */
function spending(entries: readonly StoredEntry[]): Spending {
  const days = new Map<string, { credits: number; emulated: number }>()
  for (const entry of entries) {
    const { storedAt, consumedCredits, takenFrom } = entry.provenance
    // Paid elsewhere.
    if (takenFrom !== undefined) continue
    const credits = consumedCredits ?? entry.task?.credits ?? 0
    if (credits === 0) continue
    const day = storedAt.slice(0, 'YYYY-MM-DD'.length)
    const total = days.get(day) ?? { credits: 0, emulated: 0 }
    total[entry.request.emulated ? 'emulated' : 'credits'] += credits
    days.set(day, total)
  }
  const sorted = [...days]
    .map(([day, { credits, emulated }]) => ({ day, credits, emulated }))
    .toSorted((a, b) => (a.day < b.day ? -1 : 1))
  return {
    credits: sorted.reduce((total, { credits }) => total + credits, 0),
    emulated: sorted.reduce((total, { emulated }) => total + emulated, 0),
    days: sorted,
  }
}
