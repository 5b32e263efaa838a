/** How pauses between attempts grow, in milliseconds. */
export interface BackoffSteps {
  first: number
  max: number
}

/**
 * The pause after the `attempt`-th attempt (from 1): doubling up to a cap, and between half and all of it by chance,
 * so that clients which failed together do not come back together.
 *
 * `random` is between 0 and 1.
 */
export function backoff(attempt: number, random: number, { first, max }: BackoffSteps): number {
  const full = Math.min(max, first * 2 ** (attempt - 1))
  return Math.round(full * (0.5 + random / 2))
}
