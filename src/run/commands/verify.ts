import type { BlobStatus } from '../../store/digest.ts'
import { outputFolder, type BlobRef, type Entry } from '../../store/entry.ts'
import { bringFile } from '../../finding/fetch-ahead.ts'
import type { Context } from '../context.ts'
import { Problems } from '../reporting/problems.ts'
import { restore } from '../../generate/restore.ts'
import { FILE_ROLES, type FileRole } from '../../request/files.ts'

/** A file that the project relies on, and the state of what is there. */
export interface FileStatus {
  key: string
  image: string
  /** For a derivation, its steps. */
  role: FileRole | `derived: ${string}`
  file: string
  status: BlobStatus
  /** A copy with the right bytes, for a file that cannot be used. */
  copy?: string
}

/** The models that the project relies on: those of the lockfile, or all if nothing is pinned. */
export async function reliedOn({ ports: { store } }: Context): Promise<Entry[]> {
  if (store.lockfile) return [...(await store.lockfile.all()).values()]
  const entries = await Promise.all((await store.entries.keys()).map((key) => store.entries.read(key)))
  return entries.filter((entry) => entry !== undefined)
}

/** Reads every file that models rely on, and compares it with what it should be. Changes nothing. */
export async function verifyFiles(
  { ports: { store, signal } }: Context,
  entries: readonly Entry[],
): Promise<FileStatus[]> {
  const found: FileStatus[] = []
  for (const entry of entries) {
    const { key, image } = entry
    for (const { role, ref } of namedFiles(entry)) {
      const status = await store.blobs.verify(ref, signal)
      const copy = status === 'ok' ? undefined : await store.copies.find(ref, outputFolder(entry, ref))
      found.push({ key, image, role, file: store.blobs.path(ref), status, ...(copy && { copy }) })
    }
  }
  return found
}

function namedFiles({ files, derived = {} }: Entry): { role: FileStatus['role']; ref: BlobRef }[] {
  const named = Object.entries(files).map(([role, ref]) => ({ role: role as FileRole, ref }))
  const others = Object.values(derived).filter(({ sha256 }) => sha256 !== files.glb.sha256)
  return [...named, ...others.map((ref) => ({ role: `derived: ${ref.steps.join(', ')}` as const, ref }))]
}

/**
 * Restores missing or damaged files without paying: from copies in the project; derived ones also from the stores, all
 * others also from the tasks of their models. One lost model is no reason to abandon the others: the failures are
 * returned, as one error.
 */
export async function fetchFiles(
  context: Context,
  entries: readonly Entry[],
  files: readonly FileStatus[],
): Promise<unknown> {
  const problems = new Problems()
  const statuses = new Map(files.map(({ file, status }) => [file, status]))
  for (const entry of entries) {
    const lacking = await stillLacking(context, entry, statuses)
    if (lacking.length === 0) continue
    try {
      await restore(await context.paying(), { entry, lacking })
    } catch (error) {
      problems.add(entry.key, error)
    }
  }
  return problems.take()
}

/** Restores what needs no task. @returns the roles of what a task may have; git has what a pointer stands for */
async function stillLacking(
  { ports }: Context,
  entry: Entry,
  statuses: ReadonlyMap<string, BlobStatus>,
): Promise<FileRole[]> {
  const { blobs, copies } = ports.store
  const lacking: FileRole[] = []
  for (const { role, ref } of namedFiles(entry)) {
    const status = statuses.get(blobs.path(ref))
    if (status === 'ok' || (await copies.restore(ref, outputFolder(entry, ref)))) continue
    const known = FILE_ROLES.find((one) => one === role)
    if (known === undefined) await bringFile(ports, entry, ref)
    else if (status !== 'lfs-pointer') lacking.push(known)
  }
  return lacking
}
