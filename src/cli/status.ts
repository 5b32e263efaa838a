import { inspectTeam, whyNoStores } from './stores.ts'
import type { Context } from '../run/context.ts'
import { formatBytes, plural } from '../system/format.ts'
import { blobsOf, type Entry, type StoredEntry } from '../store/entry.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { by } from '../system/order.ts'
import { findRecord, readAll, type UnreadableRecord } from '../store/found-records.ts'
import { isOnItsWay } from '../finding/record-state.ts'
import type { State } from '../finding/modes.ts'
import { formatQuery, nameWithQuery } from '../run/plan.ts'
import { directiveOfParam } from '../request/directives.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { defineCommand } from './command.ts'
import { formatCredits, formatTable, printResult } from './print.ts'
import { lookedIn, openCommand, projectArgs, whyNothingPinned } from './project.ts'

/** The models of the project, and what they cost. Sends nothing. */
export const status = defineCommand({
  meta: { name: 'status', description: 'List the models of the project, their sizes and their cost.' },
  args: {
    stores: {
      type: 'boolean',
      description: 'Also ask the machine store and the team store what they have. Costs nothing.',
    },
    ...projectArgs,
  },
  async run({ stores, json, ...args }) {
    const { context } = await openCommand(args)
    const found = await readStatus(context)
    const shared = stores ? await readStores(context) : undefined
    printResult(
      json,
      shared ? { ...found, stores: shared } : found,
      [format(context, found), ...(shared ? formatStores(context, shared) : [])].join('\n'),
    )
  },
})

interface StoresStatus {
  machine: { folder: string; files: number; bytes: number } | undefined
  team: Awaited<ReturnType<typeof inspectTeam>>
}

async function readStores(context: Context): Promise<StoresStatus> {
  const { machine } = context.ports.store.shared
  return {
    machine: machine && { folder: machine.folder, ...(await machine.size()) },
    team: await inspectTeam(context),
  }
}

function formatStores({ ports: { options } }: Context, { machine, team }: StoresStatus): string[] {
  const why = whyNoStores(options)
  if (why !== undefined) return [why]
  const here = machine
    ? `the machine store: ${machine.folder}, ${plural(machine.files, 'file')}, ${formatBytes(machine.bytes)}`
    : 'the machine store is off'
  if (!team) return [here, 'there is no team store']
  const unknown = whyUnknown(team.files)
  if (unknown !== undefined) return [here, `the team store: ${team.label}, nothing is known: it ${unknown}`]
  const bad = team.files.filter(({ status }) => status !== 'ok')
  const has = `${team.files.length - bad.length} of ${plural(team.files.length, 'pinned file')}`
  return [
    here,
    `the team store: ${team.label}, has ${has}`,
    ...bad.map(({ image, ref, status }) => `  ${image} ${ref.sha256.slice(0, 12)}…: ${status}`),
  ]
}

const KNOWN = new Set(['ok', 'missing', 'damaged'])

/** Why a store could not say anything of what it has; undefined if it could. */
function whyUnknown(files: readonly { status: string }[]): string | undefined {
  if (files.length === 0 || files.some(({ status }) => KNOWN.has(status))) return undefined
  return [...new Set(files.map(({ status }) => status))].join('; it ')
}

function format(context: Context, { models, blobs, spent }: Status): string {
  if (models.length === 0 && blobs.count === 0)
    return `There are no models yet. Looked in ${lookedIn(context)}.`
  const unpinned = whyNothingPinned(context)
  const headings = ['image', 'key', 'state', 'from', 'size', 'credits', '']
  const nameOf = namesOf(models)
  const rows = models.map((model) => [
    nameOf(model),
    model.key,
    model.state,
    originOf(model),
    model.bytes > 0 ? formatBytes(model.bytes) : '',
    model.credits > 0 ? formatCredits(model.credits) : '',
    remarkOf(model, unpinned),
  ])
  const unused =
    blobs.unusedBytes > 0 ? `, of which ${formatBytes(blobs.unusedBytes)} not used by any model` : ''
  const lines = [
    formatTable(headings, rows),
    '',
    `${plural(models.length, 'model')}: ${counts(models, unpinned)}`,
    ...(unpinned ? [unpinned] : []),
    `${plural(blobs.count, 'file')} in the cache, ${formatBytes(blobs.bytes)}${unused}`,
    ...spent.days.map((day) => `${day.day}  ${amount(day)}`),
    `cost of what is stored here: ${amount(spent)}`,
  ]
  return lines.join('\n')
}

/** What only the key would tell apart has its query as well. */
function namesOf(models: readonly ModelStatus[]): (model: ModelStatus) => string {
  const numbers = new Map<string, number>()
  for (const { image } of models) numbers.set(image, (numbers.get(image) ?? 0) + 1)
  return ({ image, query }) => (numbers.get(image) === 1 ? image : nameWithQuery(image, query))
}

function originOf({ source, aiModel }: ModelStatus): string {
  if (source === 'pinned') return 'own bytes'
  return [source ?? '', aiModel && `(${aiModel})`].filter(Boolean).join(' ')
}

function remarkOf({ state, pinned, task, failure }: ModelStatus, unpinned: string | undefined): string {
  if (failure !== undefined) return failure
  if (state === 'on its way') return task ? `task ${task}` : 'no task is known yet'
  return pinned || unpinned ? '' : 'not pinned'
}

function counts(models: readonly ModelStatus[], unpinned: string | undefined): string {
  const states = ['ready', 'restorable', 'on its way', 'failed', 'unreadable record'] as const
  const parts = states.map(
    (state) => [models.filter((model) => model.state === state).length, state] as const,
  )
  const pinned = models.filter((model) => model.pinned).length
  return [...parts.filter(([count]) => count > 0), ...(unpinned ? [] : [[pinned, 'pinned'] as const])]
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

function amount({ credits, emulated }: { credits: number; emulated: number }): string {
  const real = formatCredits(credits)
  return emulated > 0 ? `${real}, and ${formatCredits(emulated)} of an emulator, which cost nothing` : real
}

/** A model of the project, according to the records; its bytes are only measured. `verify` reads them. */
interface ModelStatus {
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

interface Status {
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
  const now = clock.serviceNow()
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
