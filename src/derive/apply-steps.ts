import { compare } from './compare/compare.ts'
import { takeSnapshot, type Snapshot } from './compare/snapshot.ts'
import { faultOf } from './compare/whole.ts'
import { failed } from './failure.ts'
import type { Step, Work } from './steps/step.ts'

/** What is the same for every step of a derivation. */
export type Bench = Omit<Work, 'before'>

/**
 * Applies the steps that a plan asks for, each held against what it began with, and writes the model: what is read
 * again from the written bytes is held against the last step, since codecs work only then.
 *
 * @throws {MeshyError} MESHY_DERIVE_FAILED, MESHY_DERIVE_WRONG
 */
export async function applySteps(bench: Bench, steps: readonly Step[]): Promise<Uint8Array> {
  const asked = steps.filter((step) => step.isAsked(bench.plan))
  let snapshot = takeSnapshot(bench.document)
  for (const step of asked) snapshot = await applyStep(step, bench, snapshot)
  return writeChecked(asked.at(-1)?.name ?? 'write', bench, snapshot)
}

async function applyStep(step: Step, work: Bench, before: Snapshot): Promise<Snapshot> {
  const changes = await named(step.name, () => step.apply({ ...work, before }))
  const after = takeSnapshot(work.document)
  compare(step.name, { before, after, changes: changes ?? undefined })
  return after
}

async function writeChecked(name: string, { document, io }: Bench, before: Snapshot): Promise<Uint8Array> {
  return named(name, async () => {
    const glb = await io.writeBinary(document)
    const written = await io.readBinary(glb)
    const fault = faultOf(written)
    if (fault) throw new Error(`its result is not a complete model: ${fault}`)
    compare(name, { before, after: takeSnapshot(written) })
    return glb
  })
}

async function named<T>(step: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw failed(step, cause)
  }
}
