import type { Document, ILogger } from '@gltf-transform/core'
import type { Facts } from '../glb/facts.ts'
import { takeSnapshot } from './compare/snapshot.ts'
import { failed } from './failure.ts'
import { createIo } from './io.ts'
import { loadTools, type Tools } from './libraries.ts'
import { completePlan, packagesOf, stepsOf, type DerivationPlan } from './steps.ts'
import { STEPS } from './steps/registry.ts'
import type { Step, Work } from './steps/step.ts'
import { trueFacts } from './true-facts.ts'

/** What was derived from a model. */
export interface DerivedModel {
  glb: Uint8Array
  facts: Facts
  /** Worth telling the author of the import. */
  notes: string[]
  /** Name → version of what derived it. */
  tools: Record<string, string>
}

export interface DeriveOptions {
  plan: DerivationPlan
  /** Kept in `asset.extras` of the file. */
  extras: Record<string, unknown>
}

/**
 * Derives a model from a GLB: fewer triangles, smaller textures, compressed.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE, MESHY_DERIVE_FAILED
 */
export async function deriveModel(
  source: Uint8Array,
  { plan, extras }: DeriveOptions,
): Promise<DerivedModel> {
  const tools = await loadTools(packagesOf(plan))
  const notes: string[] = []
  try {
    const io = await createIo(tools)
    const document = await io.readBinary(source)
    document.setLogger(noteTaker(notes))
    await applySteps({ document, plan: completePlan(plan), tools, note: (text) => void notes.push(text) })
    addExtras(document, extras)
    const glb = await io.writeBinary(document)
    return { glb, facts: checked(await trueFacts(glb, io)), notes, tools: versionsOf(tools) }
  } catch (cause) {
    throw failed(stepsOf(plan).join(', '), cause)
  }
}

async function applySteps(work: Omit<Work, 'before'>): Promise<void> {
  for (const step of STEPS) {
    if (step.isAsked(work.plan)) await applyStep(step, work)
  }
}

async function applyStep(step: Step, work: Omit<Work, 'before'>): Promise<void> {
  const before = takeSnapshot(work.document, work.tools)
  try {
    await step.apply({ ...work, before })
  } catch (cause) {
    throw failed(step.name, cause)
  }
}

export function addExtras(document: Document, extras: Record<string, unknown>): void {
  const asset = document.getRoot().getAsset()
  asset.extras = Object.assign({}, asset.extras, extras)
}

/** A derived file is held to what every other one is held to, before it is kept. */
function checked(facts: Facts): Facts {
  if (facts.triangles === 0) throw new Error('the result has no triangles')
  return facts
}

function noteTaker(notes: string[]): ILogger {
  const ignore = () => {}
  const note = (text: string) => void notes.push(text)
  return { debug: ignore, info: ignore, warn: note, error: note }
}

function versionsOf({ core, sharp }: Tools): Record<string, string> {
  return {
    'gltf-transform': core.VERSION.replace(/^v/, ''),
    ...(sharp && { sharp: sharp.versions.sharp ?? 'unknown' }),
  }
}
