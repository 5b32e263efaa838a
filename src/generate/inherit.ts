import type { Request } from '../request/request.ts'
import type { JournalRecord, JournalStart, StartedRecord } from '../store/journal-record.ts'
import { accountDigest } from '../store/journal.ts'
import type { OnItsWay } from '../store/shared/on-its-way.ts'
import { earliestNow, isPastRetention, isUnsent } from '../finding/record-state.ts'
import type { Ports } from './ports.ts'
import { recordOf } from './record.ts'

/** What another project of this machine has sent for a key, and not settled. */
export async function toldHere(
  { store: { shared }, options }: Ports,
  key: string,
): Promise<OnItsWay | undefined> {
  // A restored cache of a CI service may come from anybody's pull request.
  if (options.isCi || options.apiKey === undefined) return undefined
  return shared.machine?.onItsWay({ account: accountDigest(options.apiKey), key })
}

/** Takes over what others have sent and not settled: the journal continues from there. */
export async function inherit(ports: Ports, request: Request, told: readonly OnItsWay[] = []): Promise<void> {
  for (const one of told) await inheritOne(ports, request, one)
}

async function inheritOne(ports: Ports, request: Request, told: OnItsWay): Promise<void> {
  const { journal } = ports.store
  const { key } = request
  const own = await journal.read(key)
  if (!isNews(own, told)) return
  const { sent, lost, taskId, startedAt, host, account } = told
  // What another account has sent is not in our list: only its own key can adopt it.
  const started = { ...recordOf(ports, request), host, account, startedAt }
  if (isPastRetention({ ...startedOf(started), sent }, earliestNow(ports.clock))) return
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

/**
 * What this project knows itself takes precedence, as does what was given up here. Whoever started later, under the
 * same lease, has first continued from what we had sent: that is settled. What began after we gave up is somebody
 * else's, and may be paid for.
 */
function isNews(own: JournalRecord | undefined, { taskId, startedAt }: OnItsWay): boolean {
  if (own?.state === 'accepted') return false
  if (taskId !== undefined) return !isSettledTask(own, taskId)
  const hasOwn = own?.state === 'started' && !isUnsent(own)
  const since = hasOwn ? own.startedAt : own?.forgottenAt
  if (since !== undefined) return Date.parse(startedAt) > Date.parse(since)
  return own?.state !== 'forgotten'
}

function isSettledTask(own: JournalRecord | undefined, taskId: string): boolean {
  const failed = own?.state === 'failed' ? own.failure.taskId : undefined
  return failed === taskId || own?.forgottenTasks.includes(taskId) === true
}
