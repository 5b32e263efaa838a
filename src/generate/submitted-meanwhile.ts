import type { Task } from '../service/task.ts'
import type { Request } from '../request/request.ts'
import type { Ports } from './ports.ts'
import { adoptable, listRecentTasks } from './recent-tasks.ts'

/** How far apart our times and those of the service may be. */
const MEANWHILE_MARGIN_MS = 60_000

/**
 * The task of a request that somebody else has submitted since its batch was decided: another machine with the same
 * project, for one. In a long queue that may be half an hour. Every call looks at the account anew.
 */
export async function submittedMeanwhile(
  ports: Ports,
  { key, canonical }: Request,
  decidedAt: number,
): Promise<Task | undefined> {
  const { signal, store } = ports
  const { client, taskList } = ports.account()
  const recent = await taskList.share(canonical.kind, decidedAt - MEANWHILE_MARGIN_MS, (since) =>
    listRecentTasks(client, [canonical.kind], { since: () => since, signal }),
  )
  const record = await store.journal.read(key)
  return adoptable(recent, key, record?.forgottenTasks ?? [])
}
