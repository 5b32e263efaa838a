import { formatThrown } from '../system/errors.ts'
import type { Entry } from '../store/entry.ts'
import type { Ports } from './ports.ts'
import { findRecord } from '../store/found-record.ts'
import { isSettled } from './retention.ts'
import { takeTurn } from './turn.ts'

/**
 * Does for a stored model what the run that stored it could not do any more: pins it, and ends its record in the
 * journal. Where nothing is left to do, as nearly always, nothing is written.
 */
export async function completeStored(ports: Ports, entry: Entry): Promise<void> {
  const {
    store,
    options,
    reporter: { notices },
    clock,
    models: { isLive },
    signal,
  } = ports
  const { key } = entry
  if (options.mode !== 'generate' && options.mode !== 'ask') return
  if (store.lockfile && !(await store.lockfile.get(key))) await store.lockfile.put(entry)
  if (!(await store.begun()).has(key)) return
  const record = await findRecord(store.journal, key)
  if (record?.state === 'unreadable') {
    const file = store.layout.journalRecord(key)
    notices.once(
      `${entry.image}: \`${file}\` is no journal record that we wrote; its model is stored: delete it`,
    )
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

async function endRecord(ports: Ports, entry: Entry): Promise<void> {
  const { store, clock } = ports
  const { key } = entry
  await takeTurn(ports, { key, imageName: entry.image }, async () => {
    const record = await findRecord(store.journal, key)
    if (record && isSettled(record, entry, clock.now())) await store.journal.clear(key)
  })
}
