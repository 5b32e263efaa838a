import type { Task } from '../service/task.ts'
import type { Request } from '../request/request.ts'

/** Shows how far the models of a run are. */
export interface Progress {
  /** A request waits for its batch to be decided. */
  waiting(request: Request): void
  /** The queue of the account is full: the submission waits for a place. */
  queueFull(request: Request): void
  task(request: Request, task: Task): void
  /** Something is derived from a stored model. */
  deriving(request: Request): void
  /** The model is stored, or failed. */
  done(request: Request): void
}
