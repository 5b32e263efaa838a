import type { Derivation } from '../../finding/derivation.ts'
import type { Finding, StoredFinding } from '../../finding/classify.ts'
import type { Action } from '../../finding/modes.ts'
import type { Import } from '../imports.ts'

/** What a live run does about a model that is not ready. */
export interface LiveTask {
  imported: Import
  finding: Finding
  action: Action
}

/** A derivation that a live run has to do, of a model that is stored. */
export interface DerivationTask {
  finding: StoredFinding
  derivation: Derivation
}
