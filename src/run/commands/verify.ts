import type { BlobStatus } from '../../store/digest.ts'
import { type BlobRef, type Entry } from '../../store/entry.ts'
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
      found.push({ key, image, role, file: store.blobs.path(ref), status })
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
 * Fetches missing or damaged files from the tasks of their models, without paying. One lost model is no reason to
 * abandon the others: the failures are returned, as one error.
 */
export async function fetchFromTasks(
  context: Context,
  entries: readonly Entry[],
  files: readonly FileStatus[],
): Promise<unknown> {
  const problems = new Problems()
  const ports = await context.paying()
  for (const entry of entries) {
    const lacking = files
      .filter(({ key, status }) => key === entry.key && (status === 'missing' || status === 'damaged'))
      .flatMap(({ role }) => FILE_ROLES.find((known) => known === role) ?? [])
    if (lacking.length === 0) continue
    try {
      await restore(ports, { entry, lacking })
    } catch (error) {
      problems.add(entry.key, error)
    }
  }
  return problems.take()
}
