import type { State } from '../../finding/modes.ts'
import type { Effort, Expiring, Step } from '../../generate/ports.ts'
import type { Request } from '../../request/request.ts'
import type { Asset } from '../asset.ts'
import type { Import } from '../imports.ts'

/**
 * Everything that a run knows about the model of one key, and the only place where it says so. A record is never
 * changed: the table, `Models`, replaces it, and notifies everything that shows it.
 */
export interface Model {
  /** As requested by the most recent import. */
  readonly request: Request
  /** What is served: the model, as it came or derived, or its stand-in. */
  readonly asset: Asset | undefined
  /** Whether it waits for the developer's approval. */
  readonly isAsked: boolean
  /** The state, and therefore the price, that the developer was shown since then. */
  readonly shown: State | undefined
  /** What imports are shown until somebody else stores or pins something else for them. */
  readonly awaited: readonly Awaited[]
  /** Set while something is being done for it. */
  readonly work: Work | undefined
  /** Why it could not be obtained; cleared by the next try. */
  readonly error: unknown
  /** Set if this run failed at it, so that it is not tried again by itself: the request that failed. */
  readonly givenUp: Request | undefined
  /** Why derivations failed in this run, by their keys: other steps, and another model, are tried again. */
  readonly derivationErrors: ReadonlyMap<string, unknown>
  /** How this run obtained it, if it had to. */
  readonly effort: Effort | undefined
  /** Set if its bytes came from a task that the service does not keep for long. */
  readonly expiring: Expiring | undefined
}

/** An import that nobody here works for, and what it is shown. */
export interface Awaited {
  readonly request: Request
  readonly asset: Asset
}

/** What is being done for a model. */
export interface Work {
  /** The last reported step. */
  readonly step: Exclude<Step, 'on its way' | 'done'> | 'begun'
  /** How many works a live run has started and not ended: its generation, and each derivation. */
  readonly begun: number
  /** Whether people need not be told: before its first step, and after its last. */
  readonly isQuiet: boolean
  /** Whether it may have been paid for: a run that is stopped now says so. */
  readonly isSent: boolean
  /** By the clock of the run. */
  readonly since: number
}

/** The progress of a model in a run. */
export type Phase = 'idle' | 'asked' | 'making' | 'ready' | 'failed'

export function phaseOf({
  error,
  work,
  isAsked,
  asset,
}: Pick<Model, 'error' | 'work' | 'isAsked' | 'asset'>): Phase {
  if (error !== undefined) return 'failed'
  if (work) return 'making'
  if (isAsked) return 'asked'
  return asset?.metadata.state === 'ready' ? 'ready' : 'idle'
}

/** An import, and what it last asked for; undefined if it cannot be read. */
export interface ImportRecord {
  readonly imported: Import
  readonly request: Request | undefined
  /** Why it cannot be read, or does not get what it wants from its model. */
  readonly error: unknown
}

/** Distinguishes imports: those that say the same share a module. */
export function idOfImport({ file, directives }: Import): string {
  return `${file}?${JSON.stringify(directives)}`
}
