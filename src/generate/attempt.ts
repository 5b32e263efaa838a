import type { JournalRecord } from '../store/journal-record.ts'
import type { Lease } from '../store/lease.ts'
import type { Reservation } from './budget.ts'
import type { Permission } from '../finding/permission.ts'
import type { OnItsWay } from '../store/shared/on-its-way.ts'

/** What a request is claimed with. */
export interface Attempt {
  lease: Lease
  /** The journal's record when it was decided to generate: a failure in it may be tried again. */
  known: JournalRecord | undefined
  /** Without one, only a task that exists is claimed. */
  permission: Permission | undefined
  /** What others have sent while we had a task of our own: it counts once that has come to nothing. */
  told?: readonly OnItsWay[]
}

/** A task at the service that will give the model of a request. */
export interface Claim {
  origin: 'generated' | 'adopted'
  /** What this run holds for a task of its own: what is refunded later goes back. */
  reservation?: Reservation | undefined
  /** Runs `watch` with the id of the task, inside the account's limit of tasks where this run submits it. */
  running<T>(watch: (taskId: string) => Promise<T>): Promise<T>
}
