import type { Document } from '@gltf-transform/core'
import type { Snapshot } from '../compare/snapshot.ts'
import type { Tools } from '../libraries.ts'
import type { DerivationPlan } from '../steps.ts'

/** What a step works on. */
export interface Work {
  document: Document
  /** Completed: what `optimize` implies is spelled out. */
  plan: DerivationPlan
  tools: Tools
  /** What the model was before this step. */
  before: Snapshot
  /** Tells the author of the import something. */
  note(text: string): void
}

/** One step of a derivation. */
export interface Step {
  /** The directive that asks for it: errors name it. */
  name: string
  isAsked(plan: DerivationPlan): boolean
  apply(work: Work): Promise<void>
  /** What the model is to be after it, where it changes something on purpose. @default what it was before */
  expected?(work: Work): Snapshot
}
