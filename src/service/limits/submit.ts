import { apiFailureOf } from '../../system/errors.ts'
import type { Clock } from '../../system/clock.ts'
import type { Limits } from './limits.ts'

export interface SubmitOptions<T> {
  limits: Pick<Limits, 'queueFull' | 'accepted'>
  clock: Clock
  /** How long a full queue is waited for, in milliseconds. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Called each time the queue of the account was full. */
  onFull?: (() => void) | undefined
  /** Whether the service took something in. @default always */
  isAccepted?: ((result: T) => boolean) | undefined
}

/**
 * Submits from inside a slot, and waits for as long as the queue of the account is full: that uses up no attempts,
 * since the service refuses such a submission before it costs anything.
 *
 * Every other error is thrown as it is; so is the last `MESHY_API_QUEUE_FULL` when the time is up.
 */
export async function submit<T>(post: () => Promise<T>, options: SubmitOptions<T>): Promise<T> {
  const { limits, clock, timeoutMs, signal, onFull, isAccepted = () => true } = options
  const deadline = clock.now() + timeoutMs
  for (;;) {
    try {
      const result = await post()
      if (isAccepted(result)) limits.accepted()
      return result
    } catch (error) {
      if (apiFailureOf(error)?.limit !== 'queue' || clock.now() >= deadline) throw error
      onFull?.()
      await limits.queueFull(signal)
    }
  }
}
