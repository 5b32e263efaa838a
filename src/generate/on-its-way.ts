import { onItsWayOf, type OnItsWay } from '../store/shared/on-its-way.ts'
import { StoreFault } from '../store/shared/store-fault.ts'
import type { Request } from '../request/request.ts'
import { accountDigest, type Journal } from '../store/journal.ts'
import type { JournalRecord, JournalStart, StartedRecord } from '../store/journal-record.ts'
import type { Ports, Settings } from './ports.ts'
import type { SharedStores } from '../store/shared/shared-stores.ts'
import { recordOf } from './pay.ts'
import { isPastRetention, isUnsent } from '../finding/retention.ts'

/** A journal of which the others of the machine and the team hear what they need if this process is killed. */
export function tellingJournal(
  journal: Journal,
  { shared, options }: { shared: SharedStores; options: Pick<Settings, 'apiKey'> },
): Journal {
  const account = options.apiKey === undefined ? undefined : accountDigest(options.apiKey)
  const tell = async (key: string, onItsWay: OnItsWay | undefined): Promise<void> => {
    if (account !== undefined) await shared.machine?.tell({ account, key }, onItsWay)
    await shared.team?.leases?.tell(key, onItsWay).catch(ignoreFault)
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
    fail: (...given) => told(journal.fail(...given)),
    forget: (...given) => told(journal.forget(...given)),
    clear: async (key) => {
      const before = await journal.read(key)
      await journal.clear(key)
      // A task that is done stays known to the others: they may not have its model yet.
      if (before?.state === 'started') await tell(key, undefined)
    },
  }
}

/** A lease that says less than it could lets the account's own list decide, as without a store. */
function ignoreFault(error: unknown): void {
  if (!(error instanceof StoreFault)) throw error
}

/** What another project of this machine has sent for a key, and not settled. */
export async function toldHere(
  { store: { shared }, options }: Ports,
  key: string,
): Promise<OnItsWay | undefined> {
  // A restored cache of a CI service may come from anybody's pull request.
  if (options.isCi || options.apiKey === undefined) return undefined
  return shared.machine?.onItsWay({ account: accountDigest(options.apiKey), key })
}

/** Makes what others have sent, and not settled, our own: the journal goes on from there. */
export async function inherit(ports: Ports, request: Request, told: OnItsWay | undefined): Promise<void> {
  const { journal } = ports.store
  const { key } = request
  const own = await journal.read(key)
  if (!told || !isNews(own, told)) return
  const { sent, lost, taskId, startedAt, host, account } = told
  // What another account has sent is not in the list of ours: only its own key can take it over.
  const started = { ...recordOf(ports, request), host, account, startedAt }
  if (isPastRetention(startedOf(started), ports.clock.serviceNow())) return
  await journal.start(started)
  if (taskId !== undefined) {
    await journal.accept(key, taskId, { host, account, startedAt })
  } else if (sent) {
    await journal.send(key, sent)
    if (lost) await journal.lose(key)
  }
}

function startedOf(start: JournalStart): StartedRecord {
  return { ...start, state: 'started', attempts: 1, forgottenTasks: [] }
}

/** What this project knows itself counts, and what was given up here. */
function isNews(own: JournalRecord | undefined, { taskId }: OnItsWay): boolean {
  if (own?.state === 'accepted') return false
  if (taskId !== undefined) return own?.forgottenTasks.includes(taskId) !== true
  return own === undefined || own.state === 'failed' || isUnsent(own)
}
