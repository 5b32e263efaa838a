import { apiFailureOf } from '../system/api-failure.ts'
import type { Clock } from '../system/clock.ts'
import type { Limits } from './limits.ts'

export interface SubmitOptions {
  limits: Pick<Limits, 'queueFull' | 'accepted'>
  clock: Clock
  /** How long a full queue is waited for, in milliseconds. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Called each time the queue of the account was full. */
  onFull?: (() => void) | undefined
}

/**
 * Submits from inside a slot, and waits for as long as the queue of the account is full: that uses up no attempts,
 * since the service refuses such a submission before it costs anything.
 *
 * Every other error is thrown as it is; so is the last `MESHY_API_QUEUE_FULL` when the time is up.
 */
export async function submit<T>(post: () => Promise<T>, options: SubmitOptions): Promise<T> {
  const { limits, clock, timeoutMs, signal, onFull } = options
  const deadline = clock.now() + timeoutMs
  for (;;) {
    try {
      const created = await post()
      limits.accepted()
      return created
    } catch (error) {
      if (apiFailureOf(error)?.limit !== 'queue' || clock.now() >= deadline) throw error
      onFull?.()
      await limits.queueFull(signal)
    }
  }
}
