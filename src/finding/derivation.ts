import { stepsOf, type DerivationPlan } from './steps.ts'
import type { Facts } from '../glb/facts.ts'
import type { Request } from '../request/request.ts'
import type { Entry, DerivedFile } from '../store/entry.ts'
import type { Hasher } from '../request/fingerprint.ts'
import type { FindingPorts } from './ports.ts'
import type { Notices } from '../system/logger.ts'

/** One file that is derived from a stored model. */
export interface Part {
  /** Fingerprint of the model's bytes and the steps, 16 hex digits. */
  key: string
  steps: string[]
  plan: DerivationPlan
}

/** What an import wants to be derived from a stored model. */
export interface Derivation {
  /** The key of its only part, or of all of them together. */
  key: string
  /** For readers. */
  steps: string[]
  /** Undefined if the model is shown as it came, and only has further levels. */
  main: Part | undefined
  /** Further levels of detail, from fine to coarse. */
  levels: Part[]
}

/** What decides what is derived, besides an import. */
interface Deriving {
  options: Pick<FindingPorts['options'], 'transforms'>
  store: { hasher: Hasher }
}

/** Increased to derive everything again. */
const KEY_VERSION = 1

/** Undefined if the import wants the model as it came. */
export function derivationOf(
  { options, store: { hasher } }: Deriving,
  { derivation: plan, lods }: Pick<Request, 'derivation' | 'lods'>,
  { files }: Pick<Entry, 'files'>,
): Derivation | undefined {
  const transforms = options.transforms.map(({ name, version }) => `${name}@${version}`)
  const keyOf = (steps: unknown[]) => derivedKey(hasher, files.glb.sha256, steps)
  const partOf = (wanted: DerivationPlan): Part => {
    const steps = [...transforms, ...stepsOf(wanted)]
    return { key: keyOf(steps), steps, plan: wanted }
  }
  const main = partOf(plan)
  const levels = lods.map((level) => partOf({ ...plan, level }))
  if (main.steps.length === 0 && levels.length === 0) return undefined
  return {
    key: levels.length > 0 ? keyOf([main.key, ...levels.map(({ key }) => key)]) : main.key,
    steps: levels.length > 0 ? [...main.steps, `lods=${lods.join(',')}`] : main.steps,
    main: main.steps.length > 0 ? main : undefined,
    levels,
  }
}

/** The key of what steps make from a model. */
export function derivedKey(hasher: Hasher, sha256: string, steps: unknown[]): string {
  return hasher.text(JSON.stringify(['derived', KEY_VERSION, sha256, steps]))
}

/** Every file that a derivation produces. */
export function partsOf({ main, levels }: Derivation): Part[] {
  return main ? [main, ...levels] : levels
}

/** The facts of the model that an import gets from an entry, whether or not its bytes are here. */
export function factsOf(
  deriving: Deriving,
  request: Pick<Request, 'derivation' | 'lods'>,
  entry: Entry | undefined,
): Facts | undefined {
  const main = entry && derivationOf(deriving, request, entry)?.main
  return (main && entry.derived?.[main.key]?.facts) ?? entry?.facts
}

interface FrozenDeriving extends Deriving {
  options: Deriving['options'] & { mode: string }
  reporter: { notices: Notices }
}

/** The file that is pinned for a part. */
export function findPinned(
  deriving: FrozenDeriving,
  entry: Pick<Entry, 'image' | 'files' | 'derived'>,
  part: Part,
): DerivedFile | undefined {
  return entry.derived?.[part.key] ?? findEarlier(deriving, entry, part)
}

/**
 * What an earlier release derived with the same steps, and pinned. `frozen` serves it, because a newer release alone
 * must not break what is committed; every other mode derives it again.
 */
export function findEarlier(
  { options, store: { hasher }, reporter: { notices } }: FrozenDeriving,
  { image, files, derived = {} }: Pick<Entry, 'image' | 'files' | 'derived'>,
  { steps }: Part,
): DerivedFile | undefined {
  if (options.mode !== 'frozen') return undefined
  const own = options.transforms.length
  const wanted = withoutRevisions(steps, own)
  const found = Object.entries(derived).find(
    ([key, file]) =>
      withoutRevisions(file.steps, own) === wanted &&
      key === derivedKey(hasher, files.glb.sha256, file.steps),
  )
  if (!found) return undefined
  const [, file] = found
  notices.once(
    `${image}: ${file.steps.join(', ')} was derived by an earlier release, and may be wrong. ` +
      `It is served as pinned; a build that is not \`frozen\` derives and pins it again.`,
  )
  return file
}

/** The user's own steps come first, and their versions are up to the user. */
function withoutRevisions(steps: readonly string[], own: number): string {
  return JSON.stringify(steps.map((step, i) => (i < own ? step : step.replace(/@\d+$/, ''))))
}
