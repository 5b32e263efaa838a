import { accountDigest, type Journal } from '../journal.ts'
import type { JournalRecord } from '../journal-record.ts'
import { isOfOther, onItsWayOf, type OnItsWay } from './on-its-way.ts'
import type { SharedStores } from './shared-stores.ts'
import { Fault } from '../../system/transfer.ts'

/** A journal that tells the others on the machine and in the team what they need if this process is killed. */
export function tellingJournal(
  journal: Journal,
  { shared, options }: { shared: SharedStores; options: { apiKey: string | undefined } },
): Journal {
  const account = options.apiKey === undefined ? undefined : accountDigest(options.apiKey)
  const tell = async (key: string, onItsWay: OnItsWay | undefined): Promise<void> => {
    if (account !== undefined) await shared.machine?.tell({ account, key }, onItsWay)
    await shared.team?.leases?.tell(key, onItsWay).catch(ignoreFault)
  }
  /** The end of our task does not end a task that someone else has started in the meantime. */
  const tellEnd = async (key: string, before: JournalRecord | undefined): Promise<void> => {
    const { machine, team } = shared
    if (account !== undefined && !isOfOther(before, await machine?.onItsWay({ account, key })))
      await machine?.tell({ account, key }, undefined)
    if (!isOfOther(before, team?.leases?.told(key)))
      await team?.leases?.tell(key, undefined).catch(ignoreFault)
  }
  const told = async <R extends JournalRecord>(writing: Promise<R>): Promise<R> => {
    const record = await writing
    await tell(record.key, onItsWayOf(record))
    return record
  }
  return {
    ...journal,
    send: (...given) => told(journal.send(...given)),
    unsend: (...given) => told(journal.unsend(...given)),
    lose: (...given) => told(journal.lose(...given)),
    accept: (...given) => told(journal.accept(...given)),
    fail: async (key, failure) => {
      const before = await journal.read(key)
      const record = await journal.fail(key, failure)
      await tellEnd(key, before)
      return record
    },
    forget: (...given) => told(journal.forget(...given)),
    clear: async (key) => {
      const before = await journal.read(key)
      await journal.clear(key)
      // A finished task stays known to the others: they may not have its model yet.
      if (before?.state === 'started') await tell(key, undefined)
    },
  }
}

/** If a lease says less than it could, the account's own list decides, as without a store. */
function ignoreFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error
}
