import { formatThrown, isMeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { Entry } from '../store/entry.ts'
import type { LocalPorts } from './ports.ts'
import { findRecord } from '../store/found-record.ts'
import { hasPictures, withPictures } from '../store/picture-digests.ts'
import type { StoredFinding } from '../finding/classify.ts'
import { isSettled } from '../finding/retention.ts'
import { renewFacts } from './renew-facts.ts'
import { withKeyLease } from './turn.ts'

/**
 * Does for a stored model what the run that stored it could not do any more, or did otherwise: pins it, ends its record
 * in the journal, and tells its pictures and facts as this release does. For runs that may generate.
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
  const {
    store,
    reporter: { notices },
    clock,
    models: { isLive },
    signal,
  } = ports
  const { key } = entry
  if (store.lockfile && !(await store.lockfile.get(key))) await store.lockfile.put(entry)
  if (!(await store.journal.begun()).has(key)) return
  const record = await findRecord(store.journal, key)
  if (record?.state === 'unreadable') {
    const file = store.layout.journalRecord(key)
    const problem =
      record.error.code === 'MESHY_JOURNAL_INVALID'
        ? `\`${file}\` is no journal record that we wrote; its model is stored: delete it`
        : `its model is stored; ${record.error.message}`
    notices.once(`${entry.image}: ${problem}`)
  }
  // Nobody waits for a lease when nothing is to be done under it.
  if (!record || !isSettled(record, entry, clock.now())) return
  const ended = endRecord(ports, entry)
  if (!isLive) return ended
  // A page does not wait for another process; what is not done now is done by a later run.
  void ended.catch((error: unknown) => {
    if (!signal.aborted) notices.once(`${entry.image}: ${formatThrown(error)}`)
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
 * Adds the SHA-256 of its pictures to an entry of an earlier release, which needs no API key. Where nothing may be
 * written, or can be, it stays as it is.
 */
async function completePictures(ports: LocalPorts, request: Request, entry: Entry): Promise<void> {
  const {
    models: { isLive },
    reporter: { notices },
  } = ports
  if (hasPictures(entry.request)) return
  const completed = addPictures(ports, request)
  if (!isLive) return completed
  // No page waits for a lockfile that another process is writing.
  void completed.catch((error: unknown) => notices.once(`${entry.image}: ${formatThrown(error)}`))
}

async function addPictures({ store }: LocalPorts, { key, canonical }: Request): Promise<void> {
  try {
    const stored = await store.entries.read(key)
    if (stored && !hasPictures(stored.request)) {
      await store.entries.write({ ...stored, request: withPictures(stored.request, canonical) })
    }
    await store.lockfile?.addPictures(key, canonical)
  } catch (error) {
    if (!isMeshyError(error) || error.code !== 'MESHY_CACHE_UNWRITABLE') throw error
  }
}
