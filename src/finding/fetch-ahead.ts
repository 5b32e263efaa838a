import { hasCode } from '../system/errors.ts'
import { bringBlob, forEachFile } from '../store/shared/sources.ts'
import { isPresent } from '../store/digest.ts'
import { blobsOf, outputFolder, type BlobRef, type Entry } from '../store/entry.ts'
import type { FindingPorts } from './ports.ts'
import { isOffline } from './modes.ts'

/**
 * Fetches what the lockfile pins and this project does not have, several files at once, before the first module asks
 * for one. If nobody has a file, this stays silent: whoever needs the bytes reports it.
 *
 * @returns how many files were fetched
 */
export async function fetchAhead(ports: FindingPorts): Promise<number> {
  const { store, options } = ports
  if (!store.lockfile || isOffline(options.mode)) return 0
  const pins = [...(await store.lockfile.all()).values()]
  const files = pins.flatMap((entry) => blobsOf(entry).map((ref) => ({ entry, ref })))
  const distinct = new Map(files.map((file) => [file.ref.sha256, file]))
  const missing = await filterMissing([...distinct.values()], store.blobs.path)
  const brought = await forEachFile(missing, ({ entry, ref }) => bringFile(ports, entry, ref))
  return brought.filter(Boolean).length
}

/**
 * Fetches a file that is pinned and not here: from a copy in the project, or from the stores. Deriving it again on
 * another machine may give other bytes.
 *
 * @returns whether it is here now
 */
export async function bringFile(
  { store: { shared, copies }, clock, signal }: Pick<FindingPorts, 'store' | 'clock' | 'signal'>,
  entry: Pick<Entry, 'key' | 'files' | 'source'>,
  file: BlobRef,
): Promise<boolean> {
  return isBrought(async () => {
    if (await copies.restore(file, outputFolder(entry, file))) return true
    if (entry.source === 'emulator') return false
    return (await bringBlob(shared.sources, file, { clock, signal })).from !== undefined
  })
}

/** Nothing is requested that cannot be written here: a read-only checkout builds from what it has. */
async function isBrought(bring: () => Promise<boolean>): Promise<boolean> {
  try {
    return await bring()
  } catch (error) {
    if (hasCode(error, 'MESHY_CACHE_UNWRITABLE')) return false
    throw error
  }
}

type PinnedFile = { entry: Entry; ref: BlobRef }

async function filterMissing(
  files: readonly PinnedFile[],
  pathOf: (ref: BlobRef) => string,
): Promise<PinnedFile[]> {
  const isThere = await Promise.all(files.map(({ ref }) => isPresent(pathOf(ref), ref)))
  return files.filter((_, index) => !isThere[index])
}
