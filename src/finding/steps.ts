import type { WantedDerivation } from '../request/derive-directives.ts'

/** What is derived from a model, as data. Absent fields ask for nothing. */
export interface DerivationPlan extends WantedDerivation {
  /** For a level of detail: the fraction of the triangles of the first level that it has. */
  level?: number | undefined
}

/** An optional package for derivations; `derive/libraries.ts` loads it. */
export type PackageName = 'sharp' | 'meshoptimizer' | 'draco3dgltf' | 'watlas'

/** What `optimize` means if the import says nothing else. */
const OPTIMIZED = { textureSize: 2048, textureFormat: 'webp', compress: 'meshopt' } as const

/** The name of a step and what it asks for. What it does is in `steps/`, which is loaded when something is derived. */
interface StepKind {
  name: string
  /** Increased whenever the step gives other bytes, so that the key of its result changes. */
  revision: number
  /** What a completed plan asks of it; undefined if it asks for nothing. `true` has no value to show. */
  valueIn(plan: DerivationPlan): string | number | true | undefined
  /** What `optimize` asks of it by itself, which is not shown. */
  implied?: string | number
  /** Whether it is requested only to make a model lighter, without visible effect. */
  isForSize?: true
  /** Optional packages that it needs for a value. */
  needs(value: string | number | true): readonly PackageName[]
}

/** In the order in which they are named. */
const STEP_KINDS: readonly StepKind[] = [
  {
    name: 'simplify',
    revision: 4,
    valueIn: ({ simplify }) => simplify,
    // What is not visible is removed without cutting across the texture, so no texture is laid out again.
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
 * The steps of a plan as text: part of the key of a derivation, and for readers of the lockfile. Two plans with the
 * same meaning have the same steps; a plan that asks for nothing has none.
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

/** Whether a plan only wants a lighter model, so that a heavier one is useless. */
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

/** A flag always shows its revision, other steps from the second on. */
function textOf({ name, revision }: StepKind, value: string | number | true): string {
  const told = value === true ? name : `${name}=${value}`
  return value === true || revision > 1 ? `${told}@${revision}` : told
}

function withoutGaps(plan: DerivationPlan): DerivationPlan {
  return Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined))
}
