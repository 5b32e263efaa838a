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

/** A model whose bytes a run had of nothing but a task, which the service does not keep for long. */
export interface Expiring {
  key: string
  image: string
  /** When its task is gone at the latest; milliseconds since 1970. */
  until: number
  /** Whether the lockfile knows it, so that a run without bytes fails. What nobody knows is paid again. */
  isPinned: boolean
}
