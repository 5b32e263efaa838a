import { ApiError } from './api-error.ts'

const WINDOW_MS = 1000

/** At most so many requests in any second. What was refused does not count. */
export class RateWindow {
  readonly #limit: number
  readonly #retryAfter: boolean
  #accepted: number[] = []

  constructor(limit: number, retryAfter: boolean) {
    this.#limit = limit
    this.#retryAfter = retryAfter
  }

  /** Counts a request. Throws 429 when the second is full. */
  take(now: number): void {
    this.#accepted = this.#accepted.filter((at) => at > now - WINDOW_MS)
    if (this.#accepted.length >= this.#limit) {
      throw new ApiError(429, 'RateLimitExceeded', this.#retryAfter ? { 'retry-after': '1' } : {})
    }
    this.#accepted.push(now)
  }
}
