import { fingerprint, type Hasher } from '../../request/fingerprint.ts'
import type { Entry } from '../../store/entry.ts'
import {
  emptyLockfile,
  entryOf,
  parseLockfile,
  type LockfileDocument,
} from '../../store/lockfile-document.ts'

/**
 * The document of a lockfile's text, wherever that comes from: a revision, a side of a merge.
 *
 * @param text undefined or empty when there is none there
 * @param file for messages
 * @throws {MeshyError} MESHY_LOCKFILE_CONFLICT, MESHY_LOCKFILE_INVALID, MESHY_LOCKFILE_VERSION
 */
export function readLockfileText(
  text: string | undefined,
  { file, hasher }: { file: string; hasher: Hasher },
): LockfileDocument {
  if (text === undefined || text.trim() === '') return emptyLockfile()
  return parseLockfile(text, { file, fingerprint: (request) => fingerprint(request, hasher) })
}

/** Its models by key. */
export function modelsIn({ models }: LockfileDocument): Map<string, Entry> {
  return new Map(Object.entries(models).map(([key, model]) => [key, entryOf(key, model)]))
}
