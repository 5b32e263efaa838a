import type { Document, NodeIO } from '@gltf-transform/core'
import type { Changes } from '../compare/compare.ts'
import type { Snapshot } from '../compare/snapshot.ts'
import type { Tools } from '../libraries.ts'
import type { DerivationPlan } from '../../finding/steps.ts'

/** What a step works on. */
export interface Work {
  document: Document
  /** Writes it, with the requested codecs. */
  io: NodeIO
  /** Completed: what `optimize` implies is spelled out. */
  plan: DerivationPlan
  tools: Tools
  /** The state of the model before this step. */
  before: Snapshot
  /** Reports something to the author of the import. */
  note(text: string): void
}

/** One step of a derivation. */
export interface Step {
  /** The directive that asks for it: errors name it. */
  name: string
  isAsked(plan: DerivationPlan): boolean
  /** @returns what it changed on purpose; everything else must be as before */
  apply(work: Work): Promise<Changes | void>
}
