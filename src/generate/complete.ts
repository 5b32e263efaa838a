import { formatThrown, hasCode } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import { type Entry, type BlobRef, hasPictures, isSameModel, withPictures } from '../store/entry.ts'
import type { LocalPorts } from './ports.ts'
import { findRecord } from '../store/found-records.ts'
import { type StoredFinding, classify } from '../finding/classify.ts'
import { isSettled } from '../finding/record-state.ts'
import { withKeyLease } from './turn.ts'
import { open } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { isOutdated, type Facts } from '../glb/facts.ts'
import { inspectGlb } from '../glb/inspect.ts'
import { GLB_HEAD_BYTES } from '../glb/validate.ts'
import { ifExists } from '../store/disk-errors.ts'

/**
 * Completes what the run that stored a model could no longer do, or did differently: pins the model, ends its journal
 * record, and updates the image digests and facts to this release. For runs that may generate.
 */
export async function complete(
  ports: LocalPorts,
  request: Request,
  finding: StoredFinding,
): Promise<StoredFinding> {
  await settle(ports, finding.entry)
  await completePictures(ports, request, finding.entry)
  return renewFacts(ports, request, finding)
}

async function settle(ports: LocalPorts, entry: Entry): Promise<void> {
  const { store, reporter, clock, models, signal } = ports
  const { key } = entry
  if (store.lockfile && !(await store.lockfile.get(key))) await store.lockfile.put(entry)
  if (!(await store.journal.begun()).has(key)) return
  const record = await findRecord(store.journal, key)
  if (record?.state === 'unreadable') {
    const file = store.layout.journalRecord(key)
    const problem =
      record.error.code === 'MESHY_JOURNAL_INVALID'
        ? `\`${file}\` is not a valid journal record, but its model is stored: delete the file`
        : `its model is stored; ${record.error.message}`
    reporter.notices.once(`${entry.image}: ${problem}`)
  }
  // Nobody waits for a lease if there is nothing to do under it.
  if (!record || !isSettled(record, entry, clock.now())) return
  const ended = endRecord(ports, entry)
  if (!models.isLive) return ended
  // A page does not wait for another process; what is not done now is done by a later run.
  void ended.catch((error: unknown) => {
    if (!signal.aborted) reporter.notices.once(`${entry.image}: ${formatThrown(error)}`)
  })
}

async function endRecord(ports: LocalPorts, entry: Entry): Promise<void> {
  const { store, clock } = ports
  const { key } = entry
  await withKeyLease(ports, { key, imageName: entry.image }, async () => {
    const record = await findRecord(store.journal, key)
    if (record && isSettled(record, entry, clock.now())) await store.journal.clear(key)
  })
}

/**
 * Adds the SHA-256 of its images to an entry of an earlier release, which needs no API key. If nothing may or can be
 * written, the entry stays as it is.
 */
async function completePictures(ports: LocalPorts, request: Request, entry: Entry): Promise<void> {
  const { models, reporter } = ports
  if (hasPictures(entry.request)) return
  const completed = addPictures(ports, request)
  if (!models.isLive) return completed
  // No page waits for a lockfile that another process is writing.
  void completed.catch((error: unknown) => reporter.notices.once(`${entry.image}: ${formatThrown(error)}`))
}

async function addPictures({ store }: LocalPorts, { key, canonical }: Request): Promise<void> {
  try {
    const stored = await store.entries.read(key)
    if (stored && !hasPictures(stored.request)) {
      await store.entries.write({ ...stored, request: withPictures(stored.request, canonical) })
    }
    await store.lockfile?.addPictures(key, canonical)
  } catch (error) {
    if (!hasCode(error, 'MESHY_CACHE_UNWRITABLE')) throw error
  }
}

/** Far more than the JSON of a model needs. */
const MAX_JSON_BYTES = 16_000_000

/**
 * Determines the facts of a stored model again if an earlier release determined them differently, provided that its
 * bytes are here; no byte changes. If nothing may be written, the pinned facts stay, so that every machine reports the
 * same.
 */
async function renewFacts(
  ports: LocalPorts,
  request: Request,
  finding: StoredFinding,
): Promise<StoredFinding> {
  if (!isOutdated(finding.entry.facts)) return finding
  const renewed = await renew(ports, finding.entry)
  if (!renewed) return finding
  try {
    await keep(ports, renewed)
  } catch (error) {
    if (hasCode(error, 'MESHY_CACHE_UNWRITABLE')) return finding
    throw error
  }
  const again = await classify(ports, request)
  return { ...(again.entry ? again : finding), entry: renewed }
}

/** The entry with current facts; undefined if they are the same, or if the bytes are not here. */
async function renew(ports: LocalPorts, entry: Entry): Promise<Entry | undefined> {
  const facts = await tellAgain(ports, { ...entry.files.glb, facts: entry.facts })
  const derived = { ...entry.derived }
  for (const [key, file] of Object.entries(derived)) {
    const again = isOutdated(file.facts) ? await tellAgain(ports, file) : undefined
    if (again) derived[key] = { ...file, facts: again }
  }
  const isSame = !facts && Object.entries(derived).every(([key, file]) => file === entry.derived?.[key])
  return isSame ? undefined : { ...entry, facts: facts ?? entry.facts, ...(entry.derived && { derived }) }
}

/** Facts that cannot be determined, or that are unchanged, stay as they are: the lockfile is not written needlessly. */
async function tellAgain(
  { store, signal }: LocalPorts,
  { facts, ...ref }: BlobRef & { facts: Facts },
): Promise<Facts | undefined> {
  if (!(await mayDiffer(store.layout.blob(ref)))) return undefined
  if ((await store.blobs.verify(ref, signal)) !== 'ok') return undefined
  try {
    const again = inspectGlb(await store.blobs.read(ref))
    return isDeepStrictEqual({ ...again, revision: undefined }, { ...facts, revision: undefined })
      ? undefined
      : again
  } catch (error) {
    if (hasCode(error, 'MESHY_GLB_INVALID')) return undefined
    throw error
  }
}

/**
 * What the first release determined differently: skins, instances, rotated nodes, morph targets, integers. Most models
 * have none of these.
 */
const TOLD_OTHERWISE =
  /"(?:skins|EXT_mesh_gpu_instancing|rotation|matrix|weights|sparse|KHR_mesh_quantization)"/

/** Reads only the JSON of a model, so it costs next to nothing. */
async function mayDiffer(file: string): Promise<boolean> {
  const handle = await ifExists(file, () => open(file))
  if (!handle) return false
  try {
    const head = Buffer.alloc(GLB_HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, GLB_HEAD_BYTES, 0)
    if (bytesRead < GLB_HEAD_BYTES) return false
    const json = Buffer.alloc(Math.min(head.readUInt32LE(12), MAX_JSON_BYTES))
    await handle.read(json, 0, json.length, GLB_HEAD_BYTES)
    return TOLD_OTHERWISE.test(json.toString('latin1'))
  } finally {
    await handle.close()
  }
}

async function keep({ store }: LocalPorts, entry: Entry): Promise<void> {
  const stored = await store.entries.read(entry.key)
  if (stored && isSameModel(stored, entry)) {
    const { facts, derived } = entry
    await store.entries.write({
      ...stored,
      facts,
      ...(derived && { derived: { ...stored.derived, ...derived } }),
    })
  }
  if (await store.lockfile?.get(entry.key)) await store.lockfile?.put(entry, { renew: true })
}
