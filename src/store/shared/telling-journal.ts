import { accountDigest, type Journal } from '../journal.ts'
import { ifIntact } from '../disk-errors.ts'
import { KEY_PATTERN } from '../entry.ts'
import { tasksOf, type JournalRecord } from '../journal-record.ts'
import { isEndedBy, onItsWayOf, type OnItsWay } from './on-its-way.ts'
import type { SharedStores } from './shared-stores.ts'
import { ignoreFault } from '../../system/transfer.ts'

/** A journal that tells the others on the machine and in the team what they need if this process is killed. */
export function tellingJournal(
  journal: Journal,
  { shared, options }: { shared: SharedStores; options: { apiKey: string | undefined } },
): Journal {
  const account = options.apiKey === undefined ? undefined : accountDigest(options.apiKey)
  const tell = async (key: string, onItsWay: OnItsWay | undefined): Promise<void> => {
    if (account !== undefined) await shared.machine?.tell({ account, key }, onItsWay)
    // If a lease says less than it could, the account's own list decides, as without a store.
    await shared.team?.leases?.tell(key, onItsWay).catch(ignoreFault)
  }
  /** What ends here does not end what someone else has started in the meantime, or is working on. */
  const tellEnd = async (
    key: string,
    before: JournalRecord | undefined,
    tasks: readonly string[],
  ): Promise<void> => {
    const { machine, team } = shared
    const isOver = (one: OnItsWay) => isEndedBy(before, one, tasks)
    for (const owner of ownersOf(before, account)) await machine?.end({ account: owner, key }, isOver)
    const inTeam = team?.leases?.told(key)
    if (inTeam && isOver(inTeam)) await team?.leases?.tell(key, undefined).catch(ignoreFault)
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
      await tellEnd(key, before, tasksOf(record))
      return record
    },
    forget: async (forgotten) => {
      const before = await ifIntact(() => journal.read(forgotten.key), ['MESHY_JOURNAL_INVALID'])
      const record = await journal.forget(forgotten)
      await tellEnd(forgotten.key, before, record.forgottenTasks)
      return record
    },
    clear: async (key) => {
      const before = await journal.read(key)
      await journal.clear(key)
      // A finished task stays known to the others: they may not have its model yet.
      if (before?.state === 'started') await tellEnd(key, before, [])
    },
  }
}

/** The accounts with which something may have been sent. `forget` needs no key. */
function ownersOf(record: JournalRecord | undefined, own: string | undefined): Set<string> {
  const recorded = record && record.state !== 'forgotten' ? record.account : undefined
  return new Set([own ?? '', recorded ?? ''].filter((account) => KEY_PATTERN.test(account)))
}
