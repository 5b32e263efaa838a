/** How a run got a model. */
export type Origin = 'cache' | 'generated' | 'adopted' | 'shared' | 'restored' | 'derived' | 'stand-in'

/** How a model came about, and what that took. */
export interface Effort {
  origin: Origin
  /** Credits that this run spent on it. */
  credits: number
  /** Seconds that this run waited for it. */
  seconds: number
}
