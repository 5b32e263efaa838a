import type { Entry } from '../store/entry.ts'
import type { Context } from './context.ts'
import { findRecord } from './found-record.ts'

/**
 * Does for a stored model what the run that stored it could not do any more: pins it, and ends its record in the
 * journal. Where nothing is left to do, as nearly always, nothing is written.
 */
export async function completeStored(context: Context, entry: Entry): Promise<void> {
  const { store, options, notices, signal } = context
  const { key } = entry
  if (options.mode !== 'generate' && options.mode !== 'ask') return
  if (store.lockfile && !(await store.lockfile.get(key))) await store.lockfile.put(entry)
  if (!(await store.begun()).has(key)) return
  await store.withLease(key, signal, async () => {
    const record = await findRecord(store.journal, key)
    if (record?.state === 'unreadable') {
      const file = store.layout.journalRecord(key)
      notices.once(
        `${entry.image}: \`${file}\` is no journal record that we wrote; its model is stored: delete it`,
      )
    }
    // A record of another task stays: that one was paid as well, and nobody has its model.
    if (record?.state === 'accepted' && record.taskId === entry.task?.id) await store.journal.clear(key)
  })
}
