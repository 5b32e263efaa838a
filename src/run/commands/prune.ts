import { rm } from 'node:fs/promises'
import path from 'node:path'
import { blobsOf, derivedFolder, type BlobRef, type Entry } from '../../store/entry.ts'
import { listFolder } from '../../store/layout.ts'
import type { Context } from '../context.ts'
import { findRecord } from '../../store/found-records.ts'
import { isLongOver } from '../../finding/record-state.ts'
import { withKeyLease } from '../../generate/turn.ts'

/** What no build uses. */
export interface Prunable {
  /** Models to remove from lockfile and entries. */
  models: { key: string; image: string; pinned: boolean }[]
  /** Files that no remaining model has; empty while models are on their way, because their files look the same. */
  blobs: BlobRef[]
  /** Copies and stand-ins of keys that no build uses: absolute paths. */
  folders: string[]
  /** Whether models are on their way. */
  busy: boolean
}

/**
 * What is left over by the builds that use `used`. Changes nothing.
 *
 * @param used the keys of every import of every build of the project
 */
export async function findPrunable(
  { ports: { store, clock } }: Context,
  used: ReadonlySet<string>,
): Promise<Prunable> {
  // A build may be storing a model: its files, its entry, then the end of its record. Looked at in this order, its files
  // are not listed yet, or its record or its entry is seen.
  const files = await store.blobs.list()
  const busy = await isBusy(store, clock.now())
  const pins = (await store.lockfile?.all()) ?? new Map<string, Entry>()
  const stored = await Promise.all((await store.entries.keys()).map((key) => store.entries.read(key)))
  const entries = [...pins.values(), ...stored.filter((entry) => entry !== undefined)]
  const keptEntries = entries.filter(({ key }) => used.has(key))
  const kept = new Set(keptEntries.flatMap(blobsOf).map(({ sha256 }) => sha256))
  const derived = keptEntries.flatMap((entry) => Object.values(entry.derived ?? {}).map(derivedFolder))
  const unused = new Map(entries.filter(({ key }) => !used.has(key)).map((entry) => [entry.key, entry]))
  return {
    models: [...unused.values()].map(({ key, image }) => ({ key, image, pinned: pins.has(key) })),
    blobs: busy ? [] : files.filter(({ sha256 }) => !kept.has(sha256)),
    folders: await unusedFolders(store.layout, new Set([...used, ...derived])),
    busy,
  }
}

/**
 * Removes what {@link findPrunable} found. Entries go before their bytes, so that a crash in between leaves nothing
 * that refers to missing bytes.
 */
export async function prune(context: Context, { models, blobs, folders }: Prunable): Promise<void> {
  const { store } = context.ports
  const keys = models.map(({ key }) => key)
  if (keys.length > 0) await store.lockfile?.remove(keys)
  for (const { key, image: imageName } of models) {
    await withKeyLease(context.ports, { key, imageName }, () => store.entries.remove(key))
  }
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
  for (const blob of blobs) await store.blobs.remove(blob)
}

/** Whether files may belong to a model that is being stored. A record that cannot be read may be such a model. */
async function isBusy({ journal }: Context['ports']['store'], now: number): Promise<boolean> {
  const records = await Promise.all((await journal.keys()).map((key) => findRecord(journal, key)))
  return records.some((record) => {
    if (record?.state === 'started' || record?.state === 'accepted') return !isLongOver(record, now)
    return record?.state === 'unreadable'
  })
}

async function unusedFolders(
  { out, preview }: { out: string; preview: string },
  used: ReadonlySet<string>,
): Promise<string[]> {
  const folders = await Promise.all(
    [out, preview].map(async (folder) => (await listFolder(folder)).map((name) => path.join(folder, name))),
  )
  return folders.flat().filter((folder) => !used.has(path.basename(folder)))
}
