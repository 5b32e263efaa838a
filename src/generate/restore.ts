import { hasCode, type MeshyError } from '../system/errors.ts'
import type { Task } from '../service/task.ts'
import { blobUnusable } from '../store/digest.ts'
import type { Entry } from '../store/entry.ts'
import type { FileRole } from '../request/files.ts'
import { findEntry } from '../finding/classify.ts'
import type { Ports } from './ports.ts'
import { fetchFiles, noteExpiring } from './fetch.ts'
import {
  filesMissing,
  keyMissing,
  OWN_BYTES,
  OWN_MODEL,
  unrestorable,
  type Lacking,
  type Obstacle,
} from './missing.ts'
import { RETENTION_MS } from '../finding/record-state.ts'
import { bringBlob, type SourceAnswer } from '../store/shared/sources.ts'
import { share } from './share.ts'
import { withKeyLease } from './turn.ts'
import { addFiles } from './save.ts'

interface MissingFiles {
  entry: Entry
  lacking: readonly FileRole[]
}

/**
 * Fetches files of a finished request again, without paying: from the stores of the machine and the team, otherwise
 * from its task. Pinned bytes must match. Files that were never kept are added to the entry, except in `frozen`, where
 * the committed lockfile is complete by definition.
 *
 * A model whose bytes cannot be obtained is never generated again by itself: the error names the ways out.
 */
export async function restore(ports: Ports, missing: MissingFiles): Promise<Entry> {
  try {
    return await restoreInTurn(ports, missing)
  } catch (error) {
    const isLost = hasCode(error, 'MESHY_MODEL_UNRESTORABLE')
    throw (isLost && (await findPointer(ports, missing))) || error
  }
}

/** The error for bytes that do exist somewhere: git has them, and only their pointer is here. */
async function findPointer(
  { store, signal }: Ports,
  { entry, lacking }: MissingFiles,
): Promise<MeshyError | undefined> {
  for (const role of lacking) {
    const ref = entry.files[role]
    if (ref && (await store.blobs.verify(ref, signal)) === 'lfs-pointer') {
      return blobUnusable(store.blobs.path(ref), 'lfs-pointer')
    }
  }
  return undefined
}

async function restoreInTurn(ports: Ports, { entry, lacking }: MissingFiles): Promise<Entry> {
  const shared = await bringShared(ports, entry, lacking)
  if (shared.lacking.length === 0) return entry
  assertRestorable(ports, entry, shared)
  return withKeyLease(ports, { key: entry.key, imageName: entry.image }, async () => {
    // The previous holder of the lease may have fetched them.
    const current = (await findEntry(ports, entry.key)) ?? entry
    const roles = await stillLacking(ports, current, shared.lacking)
    return roles.length === 0 ? current : restoreAlone(ports, current, { ...shared, lacking: roles })
  })
}

async function bringShared(
  { store: { shared }, clock, signal }: Ports,
  { files, source }: Entry,
  roles: readonly FileRole[],
): Promise<Lacking> {
  const lacking: FileRole[] = []
  const answers: SourceAnswer[] = []
  const sources = source === 'emulator' ? [] : shared.sources
  for (const role of roles) {
    const ref = files[role]
    const brought = ref ? await bringBlob(sources, ref, { clock, signal }) : NOBODY
    if (brought.from !== undefined) continue
    lacking.push(role)
    answers.push(...brought.answers)
  }
  return { lacking, answers }
}

const NOBODY = { from: undefined, answers: [] } as const

async function restoreAlone(ports: Ports, entry: Entry, shared: Lacking): Promise<Entry> {
  const { lacking } = shared
  assertRestorable(ports, entry, shared)
  const task = await retrieveTask(ports, entry, shared)
  const { kind } = entry.request
  const wanted = { kind, task, roles: lacking, expected: entry.files }
  const fetched = await fetchFiles(ports, wanted).catch((error: unknown) => {
    throw hasOtherBytes(error)
      ? unrestorable(entry, shared, { reason: `task ${task.id} gives other bytes` })
      : error
  })
  const lost = fetched.unavailable.filter((role) => entry.files[role] !== undefined)
  if (lost.length > 0) {
    throw unrestorable(entry, { ...shared, lacking: lost }, { reason: `task ${task.id} no longer has them` })
  }
  const grown = await addFiles(ports, entry, fetched)
  if (lacking.some((role) => entry.files[role])) noteExpiring(ports, grown, { isPinned: true })
  await share(ports, grown)
  return grown
}

function assertRestorable(ports: Ports, entry: Entry, shared: Lacking): void {
  const { options } = ports
  const { files, task } = entry
  const { lacking } = shared
  if (!task) {
    throw unrestorable(entry, shared, lacking.some((role) => files[role]) ? OWN_BYTES : OWN_MODEL)
  }
  const unpinned = lacking.filter((role) => files[role] === undefined)
  if (options.mode === 'frozen' && unpinned.length > 0) throw filesMissing(ports, entry, unpinned)
  if (options.apiKey !== undefined) return
  throw unrestorable(entry, shared, keyMissing(task.id))
}

async function stillLacking(
  { store, signal }: Ports,
  { files, unavailable = [] }: Entry,
  roles: readonly FileRole[],
): Promise<FileRole[]> {
  const lacking: FileRole[] = []
  for (const role of roles) {
    const ref = files[role]
    const isThere = ref ? (await store.blobs.verify(ref, signal)) === 'ok' : unavailable.includes(role)
    if (!isThere) lacking.push(role)
  }
  return lacking
}

async function retrieveTask(ports: Ports, entry: Entry, shared: Lacking): Promise<Task> {
  const taskId = entry.task?.id ?? ''
  const { client } = ports.account()
  try {
    return await client.retrieve(entry.request.kind, taskId, { signal: ports.signal })
  } catch (error) {
    if (!hasCode(error, 'MESHY_API_NOT_FOUND')) throw error
    throw unrestorable(entry, shared, taskGone(ports, entry))
  }
}

/** Whether the served bytes, in all attempts, are not the pinned ones. */
function hasOtherBytes(error: unknown): boolean {
  return hasCode(error, 'MESHY_DOWNLOAD_INVALID') && 'expected' in error.details
}

/** A task that the service must still keep may be one of a colleague's account. */
function taskGone({ clock }: Ports, { task }: Entry): Obstacle {
  const age = clock.serviceNow() - Date.parse(task?.createdAt ?? '')
  if (!(age < RETENTION_MS)) return { reason: `task ${task?.id} is gone: the service keeps tasks for 3 days` }
  return {
    reason: `this API key sees no task ${task?.id}: it was deleted, or is of another account; the service keeps tasks for 3 days`,
    free: 'set MESHY_API_KEY to a key of the account that made the task, and build again, which fetches them without paying',
  }
}
