import { MeshyError } from '../system/errors.ts'
import type { Task } from '../service/task.ts'
import type { Request } from '../request/request.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import type { Clock } from '../system/clock.ts'
import { by } from '../system/order.ts'
import type { Reservation } from './budget.ts'
import type { Permission } from '../finding/permission.ts'

/** A request that is missing, or whose submission was interrupted before its outcome was known. */
export interface Candidate {
  request: Request
  record: JournalRecord | undefined
  /** Without one, only an existing task can be adopted. */
  permission: Permission | undefined
}

/** What a batch decided about a candidate: adopt an existing task, or pay. */
export type Admission =
  | { adopt: Task }
  | {
      permission: Permission
      /** What the list of the account lacked was created later, by the clock of the service. */
      listedAt: number
      /** Released by the claim of the candidate that was admitted. */
      reservation: Reservation
      /** Aborted when another submission of the batch showed that none can succeed. */
      batch: AbortController
    }

/** Decides about all candidates of a batch at once, before anything is paid. Returns one result or error for each. */
type Decide = (candidates: Candidate[]) => Promise<(Admission | MeshyError)[]>

interface Waiting {
  candidate: Candidate
  resolve(admission: Admission): void
  reject(error: unknown): void
}

/** Announced, priced and submitted in a fixed order, whichever module the bundler loaded first. */
const byImage = by(({ candidate: { request } }: Waiting) => [request.imageName, request.key])

/**
 * How long nothing new may appear in the module graph. Long enough for a parser, short compared with a task of minutes.
 */
const QUIET_MS = 300

/**
 * Collects candidates until the module graph has been quiet for a moment, so that in ordinary builds the whole batch is
 * listed, announced and checked against the budget before the first submission.
 */
export class Batch {
  #waiting: Waiting[] = []
  #running = false
  readonly #clock: Clock
  readonly #decide: Decide
  /** A number that changes while the bundler finds modules. */
  readonly #activity: () => number

  constructor(clock: Clock, decide: Decide, activity: () => number) {
    this.#clock = clock
    this.#decide = decide
    this.#activity = activity
  }

  admit(candidate: Candidate): Promise<Admission> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ candidate, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      await this.#quiet()
      await this.#settle(this.#waiting.splice(0).toSorted(byImage))
    }
    this.#running = false
  }

  async #quiet(): Promise<void> {
    for (let before = ''; ;) {
      const now = `${this.#waiting.length} ${this.#activity()}`
      if (now === before) return
      before = now
      await this.#clock.sleep(QUIET_MS)
    }
  }

  async #settle(batch: Waiting[]): Promise<void> {
    try {
      const decisions = await this.#decide(batch.map(({ candidate }) => candidate))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const decision = decisions[index]
        if (decision && !(decision instanceof MeshyError)) resolve(decision)
        else reject(decision)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}
