import type { Derivation } from '../request/derive-directives.ts'

/** What is derived from a model, as data. Absent fields ask for nothing. */
export interface DerivationPlan extends Derivation {
  /** For a level of detail: the part of the triangles that it has of the first level. */
  level?: number | undefined
}

/** An optional package that derives; `derive/libraries.ts` loads it. */
export type PackageName = 'sharp' | 'meshoptimizer' | 'draco3dgltf' | 'watlas'

/** What `optimize` means where the import says nothing else. */
export const OPTIMIZED = { textureSize: 2048, textureFormat: 'webp', compress: 'meshopt' } as const

/** What a step is called and asks for. What it does is in `steps/`, which is loaded when something is derived. */
interface StepKind {
  name: string
  /** Raised whenever the step gives other bytes, so that the key of what it makes changes. */
  revision: number
  /** What a plan, completed, asks of it; undefined when it asks for nothing. `true` has no value to be told. */
  valueIn(plan: DerivationPlan): string | number | true | undefined
  /** What `optimize` asks of it by itself, which is not told. */
  implied?: string | number
  /** Whether it is asked for to make a model lighter, and for nothing that shows. */
  isForSize?: true
  /** Optional packages that it needs for a value. */
  needs(value: string | number | true): readonly PackageName[]
}

/** In the order in which they are told. */
const STEP_KINDS: readonly StepKind[] = [
  {
    name: 'simplify',
    revision: 4,
    valueIn: ({ simplify }) => simplify,
    // What does not show is taken out without cutting across the texture, so that nothing is laid out anew.
    needs: (value) => (value === 'auto' ? ['meshoptimizer'] : ['meshoptimizer', 'sharp', 'watlas']),
  },
  {
    name: 'optimize',
    revision: 3,
    isForSize: true,
    valueIn: ({ optimize }) => optimize || undefined,
    needs: () => ['sharp'],
  },
  {
    name: 'lods',
    revision: 3,
    valueIn: ({ level }) => level,
    needs: () => ['meshoptimizer', 'sharp', 'watlas'],
  },
  {
    name: 'texture-size',
    revision: 1,
    isForSize: true,
    valueIn: ({ textureSize }) => textureSize,
    implied: OPTIMIZED.textureSize,
    needs: () => ['sharp'],
  },
  {
    name: 'texture-format',
    revision: 2,
    isForSize: true,
    valueIn: ({ textureFormat, optimize }) =>
      textureFormat === 'keep' && !optimize ? undefined : textureFormat,
    implied: OPTIMIZED.textureFormat,
    needs: () => ['sharp'],
  },
  {
    name: 'compress',
    revision: 2,
    isForSize: true,
    valueIn: ({ compress, optimize }) => (compress === 'none' && !optimize ? undefined : compress),
    implied: OPTIMIZED.compress,
    needs: (value) => NEEDED_BY_COMPRESSION[value as Compression],
  },
  { name: 'height', revision: 1, valueIn: ({ height }) => height, needs: () => [] },
  { name: 'origin', revision: 1, valueIn: ({ origin }) => origin, needs: () => [] },
]

type Compression = NonNullable<DerivationPlan['compress']>

const NEEDED_BY_COMPRESSION: Record<Compression, readonly PackageName[]> = {
  meshopt: ['meshoptimizer'],
  draco: ['draco3dgltf'],
  none: [],
}

/** A plan with everything that it implies spelled out. */
export function completePlan(plan: DerivationPlan): DerivationPlan {
  return plan.optimize ? { ...OPTIMIZED, ...withoutGaps(plan) } : plan
}

/**
 * The steps of a plan as text: part of the key of what is derived, and for readers of the lockfile. Two plans that
 * mean the same have the same steps; a plan that asks for nothing has none.
 */
export function stepsOf(plan: DerivationPlan): string[] {
  return askedKinds(plan)
    .filter(({ kind, value }) => !plan.optimize || value !== kind.implied)
    .map(({ kind, value }) => textOf(kind, value))
}

/** The optional packages that a plan needs, each once. */
export function packagesOf(plan: DerivationPlan): PackageName[] {
  return [...new Set(askedKinds(plan).flatMap(({ kind, value }) => kind.needs(value)))]
}

/** Whether a plan wants a lighter model and nothing else, so that a heavier one is no use. */
export function isForSize(plan: DerivationPlan): boolean {
  return askedKinds(plan).every(({ kind }) => kind.isForSize)
}

function askedKinds(plan: DerivationPlan) {
  const complete = completePlan(plan)
  return STEP_KINDS.flatMap((kind) => {
    const value = kind.valueIn(complete)
    return value === undefined ? [] : [{ kind, value }]
  })
}

/** A flag always tells its revision, others from the second on. */
function textOf({ name, revision }: StepKind, value: string | number | true): string {
  const told = value === true ? name : `${name}=${value}`
  return value === true || revision > 1 ? `${told}@${revision}` : told
}

function withoutGaps(plan: DerivationPlan): DerivationPlan {
  return Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined))
}
