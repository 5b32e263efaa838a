import {
  blobsOf,
  type BlobRef,
  type Entry,
  type StoredEntry,
  findOtherPicture,
  isSameModel,
} from '../store/entry.ts'
import { Fault } from '../system/transfer.ts'
import { mayBeAbsent } from '../store/shared/object-store.ts'
import { bringBlob } from '../store/shared/sources.ts'
import type { Request } from '../request/request.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import type { LocalPorts, Ports } from './ports.ts'
import { derivationOf, partsOf } from '../finding/derivation.ts'
import { isSettled } from '../finding/record-state.ts'
import { PLUGIN_VERSION } from '../system/version.ts'

/** A model that someone else has paid for, and the store it came from. */
interface Shared {
  entry: Entry | StoredEntry
  from: string
}

/**
 * The model of a request that another project of this machine, or the team, already has: taken, pinned, and announced.
 * Only if the lockfile has no entry, and never what was given up here with `forget`.
 *
 * @returns the entry; undefined if nobody has it, or its bytes
 */
export async function takeShared(ports: Ports, request: Request): Promise<Entry | undefined> {
  for (const find of [findInMachine, findInTeam]) {
    const shared = await find(ports, request.key)
    const entry = shared && (await take(ports, request, shared))
    if (entry) return entry
  }
  return undefined
}

/** A model that another project of this machine has. */
export async function findInMachine(
  { store: { shared }, options }: LocalPorts,
  key: string,
): Promise<Shared | undefined> {
  // A restored cache of a CI service may come from anybody's pull request; its bytes are verified, its entries are not.
  if (options.isCi) return undefined
  const entry = await shared.machine?.find(key)
  return entry && { entry, from: 'the machine store' }
}

async function findInTeam(
  { store: { shared }, signal }: LocalPorts,
  key: string,
): Promise<Shared | undefined> {
  const { team } = shared
  if (!team) return undefined
  try {
    const found = await team.find(key, signal)
    if (found === undefined) return undefined
    if (typeof found !== 'string') return { entry: found, from: `the team store ${team.label}` }
    team.complain(
      `its entry of ${key} ${found}, so it is not used; \`unplugin-meshy push\` from a project that pins the model replaces it`,
    )
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // Whoever may write finds out with the first lease whether reading is denied.
    if (!mayBeAbsent(error) || !team.leases || !(await team.canWrite())) team.complain(error)
  }
  return undefined
}

/** The bytes first: a model whose bytes are nowhere is never pinned. */
async function take(ports: Ports, request: Request, { entry, from }: Shared): Promise<Entry | undefined> {
  const { store, options, clock, reporter } = ports
  const record = await store.journal.read(request.key)
  if (entry.task && record?.forgottenTasks.includes(entry.task.id)) return undefined
  if (findOtherPicture(entry.request, request.canonical)) {
    reporter.notices.once(
      `${request.imageName}: the model that ${from} has for its key was made from another image`,
    )
    return undefined
  }
  const brought = await bringWanted(ports, request, entry)
  if (!brought) return undefined
  const { provenance, ...taken } = { provenance: undefined, ...entry, ...brought, image: request.imageName }
  const origin = provenance ?? {
    pluginVersion: PLUGIN_VERSION,
    storedAt: new Date(clock.now()).toISOString(),
    params: request.params,
  }
  await store.entries.write({ ...taken, provenance: { ...origin, takenFrom: from } })
  const pinned = options.lockfile ? await store.lockfile?.put(taken) : undefined
  if (record && isOver(record, taken, clock.now())) await store.journal.clear(request.key)
  reporter.logger.info(`meshy: ${request.imageName}: taken from ${from}, 0 credits`)
  return pinned ?? taken
}

/**
 * What this project imports of a model, as far as somebody has the bytes: a pin without bytes would fail wherever it is
 * verified. Undefined if nobody has the model itself.
 */
async function bringWanted(
  ports: Ports,
  request: Request,
  entry: Entry,
): Promise<Pick<Entry, 'files' | 'derived'> | undefined> {
  const { store, clock, signal, models } = ports
  const bring = async (ref: BlobRef): Promise<boolean> =>
    (await bringBlob(store.shared.sources, ref, { clock, signal })).from !== undefined
  const { glb } = entry.files
  if (!(await bring(glb))) return undefined
  const files: Entry['files'] = { glb }
  for (const role of models.wantedOf(request)) {
    const ref = entry.files[role]
    if (ref && role !== 'glb' && (await bring(ref))) files[role] = ref
  }
  const derived: NonNullable<Entry['derived']> = {}
  const derivation = derivationOf(ports, request, entry)
  for (const { key } of derivation ? partsOf(derivation) : []) {
    const file = entry.derived?.[key]
    if (file && (await bring(file))) derived[key] = file
  }
  return { files, derived: Object.keys(derived).length > 0 ? derived : undefined }
}

/** Was given up, or belongs to exactly this model. A task of our own stays known: it was paid for as well. */
function isOver(record: JournalRecord, taken: Entry, now: number): boolean {
  return record.state === 'failed' || record.state === 'forgotten' || isSettled(record, taken, now)
}

/** Gives a stored model, or new files of it, to the other projects of this machine and to the team. */
export async function share(ports: LocalPorts, entry: Entry): Promise<void> {
  await shareHere(ports, entry)
  if (entry.source !== 'emulator') ports.store.shared.uploads.add(entry)
}

/** The same, for this machine only. */
export async function shareHere({ store }: LocalPorts, entry: Entry): Promise<void> {
  if (entry.source === 'emulator') return
  const { machine } = store.shared
  const refs = blobsOf(entry)
  for (const ref of refs) await machine?.keep(ref, store.layout)
  // The user's own bytes are shared only as bytes: what they are for is up to the project.
  const stored = entry.source === 'meshy' ? await store.entries.read(entry.key) : undefined
  // The bytes that were kept are those of this model, and of no other that this machine may have stored for the key.
  if (stored && isSameModel(stored, entry)) await machine?.keepEntry(stored)
}
