import { stepsOf, type DerivationPlan } from '../../derive/steps.ts'
import type { Request } from '../../request/request.ts'
import type { Entry } from '../../store/entry.ts'
import type { Context } from '../context.ts'

/** What an import wants to be derived from a model that is stored. */
export interface Derivation {
  /** Fingerprint of the model's bytes and the steps, 16 hex digits. */
  key: string
  steps: string[]
  plan: DerivationPlan
}

/** Raised when all that is derived is to be derived anew. */
const KEY_VERSION = 1

/** Undefined when the import wants the model as it came. */
export function derivationOf(
  { options, hasher }: Pick<Context, 'options' | 'hasher'>,
  { derivation: plan }: Pick<Request, 'derivation'>,
  { files }: Pick<Entry, 'files'>,
): Derivation | undefined {
  const transforms = options.transforms.map(({ name, version }) => `${name}@${version}`)
  const steps = [...transforms, ...stepsOf(plan)]
  if (steps.length === 0) return undefined
  const key = hasher.text(JSON.stringify(['derived', KEY_VERSION, files.glb.sha256, steps]))
  return { key, steps, plan }
}
