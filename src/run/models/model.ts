import type { Effort, Expiring, Step } from '../../generate/ports.ts'
import type { Request } from '../../request/request.ts'
import type { Asset } from '../asset.ts'
import type { Import } from '../imports.ts'

/**
 * All that a run knows of the model of one key, and the only place where it says so. A record is never changed: the
 * table, `Models`, puts another one in its place, and tells whoever shows it.
 */
export interface Model {
  /** As the import that was heard of last asks for it. */
  readonly request: Request
  /** What is served: the model, as it came or derived, or its stand-in. */
  readonly asset: Asset | undefined
  /** Whether it waits for the developer's yes. */
  readonly isAsked: boolean
  /** Whether its stand-in is there until somebody else stores the model. */
  readonly isAwaited: boolean
  /** Set while something is done for it. */
  readonly work: Work | undefined
  /** Why it could not be had; unset again by the next try. */
  readonly error: unknown
  /** Set where this run failed at it, so that it is not tried again by itself: by which request. */
  readonly givenUp: Request | undefined
  /** Why derivations failed in this run, by their keys: other steps, and another model, are tried anew. */
  readonly derivationErrors: ReadonlyMap<string, unknown>
  /** How this run got it, when it had to. */
  readonly effort: Effort | undefined
  /** Set where its bytes came from a task that the service does not keep for long. */
  readonly expiring: Expiring | undefined
}

/** What is being done for a model. */
export interface Work {
  /** What was heard of it last. */
  readonly step: Exclude<Step, 'on its way' | 'done'> | 'begun'
  /** How much a live run has begun and not ended: its making, and each derivation. */
  readonly begun: number
  /** Whether people need not hear of it: before its first step, and after its last. */
  readonly isQuiet: boolean
  /** Whether it may have been paid: a run that is stopped now says so. */
  readonly isSent: boolean
  /** By the clock of the run. */
  readonly since: number
}

/** How far a model is in a run. */
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

/** An import, and what it asked for last; without that it cannot be read. */
export interface ImportRecord {
  readonly imported: Import
  readonly request: Request | undefined
  /** Why it cannot be read, or does not get what it wants of its model. */
  readonly error: unknown
}

/** Tells imports apart: those that say the same share a module. */
export function idOfImport({ file, directives }: Import): string {
  return `${file}?${JSON.stringify(directives)}`
}
