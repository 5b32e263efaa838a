import { stat } from 'node:fs/promises'
import { isMeshyError, hasErrno } from '../system/errors.ts'
import { bringBlob, forEachFile, type Brought } from '../store/shared/sources.ts'
import { blobsOf, type BlobRef, type Entry } from '../store/entry.ts'
import type { FindingPorts } from './ports.ts'
import { isOffline } from './modes.ts'

/**
 * Fetches what the lockfile pins and this project does not have, several files at once, before the first module asks
 * for one. If a store has nothing, this stays silent: whoever needs the bytes reports it.
 *
 * @returns how many files were fetched
 */
export async function fetchAhead({ store, options, clock, signal }: FindingPorts): Promise<number> {
  if (store.shared.sources.length === 0 || !store.lockfile || isOffline(options.mode)) return 0
  const pins = [...(await store.lockfile.all()).values()].filter(({ source }) => source !== 'emulator')
  const refs = new Map(pins.flatMap(blobsOf).map((ref) => [ref.sha256, ref]))
  const missing = await filterMissing([...refs.values()], store.blobs.path)
  const bring = (ref: BlobRef) => isBrought(bringBlob(store.shared.sources, ref, { clock, signal }))
  const brought = await forEachFile(missing, bring)
  return brought.filter(Boolean).length
}

/**
 * Fetches a derived file that is pinned and not here: deriving it again on another machine may give other bytes.
 *
 * @returns whether it is here now
 */
export async function bringDerived(
  { store: { shared }, clock, signal }: Pick<FindingPorts, 'store' | 'clock' | 'signal'>,
  { source }: Pick<Entry, 'source'>,
  file: BlobRef,
): Promise<boolean> {
  return source !== 'emulator' && isBrought(bringBlob(shared.sources, file, { clock, signal }))
}

/** Nothing is requested that cannot be written here: a read-only checkout builds from what it has. */
async function isBrought(bringing: Promise<Brought>): Promise<boolean> {
  try {
    return (await bringing).from !== undefined
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_CACHE_UNWRITABLE') return false
    throw error
  }
}

/** By name and length only: damage is found when a file is used. */
async function filterMissing(refs: readonly BlobRef[], pathOf: (ref: BlobRef) => string): Promise<BlobRef[]> {
  const isThere = await Promise.all(refs.map(async (ref) => (await sizeOf(pathOf(ref))) === ref.bytes))
  return refs.filter((_, index) => !isThere[index])
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}
