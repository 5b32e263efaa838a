/** What is derived from a model, as data. Absent fields ask for nothing. */
export interface DerivationPlan {
  /** The defaults for the web; see {@link OPTIMIZED}. */
  optimize?: boolean | undefined
  /** Triangles to aim at. */
  simplify?: number | undefined
  /** The longest side of textures, in pixels. */
  textureSize?: number | undefined
  /** `none` takes back what `optimize` does. */
  compress?: Compression | undefined
}

export type Compression = 'meshopt' | 'draco' | 'none'

/** What `optimize` means where the import says nothing else. */
export const OPTIMIZED = { textureSize: 2048, compress: 'meshopt' } as const

/** Raised whenever `optimize` gives other bytes, so that the key of what it makes changes. */
const OPTIMIZE_REVISION = 1

/** A plan with everything that it implies spelled out. */
export function completePlan(plan: DerivationPlan): DerivationPlan {
  return plan.optimize ? { ...OPTIMIZED, ...withoutGaps(plan) } : plan
}

/**
 * The steps of a plan as text: part of the key of what is derived, and for readers of the lockfile. Two plans that
 * mean the same have the same steps; a plan that asks for nothing has none.
 */
export function stepsOf(plan: DerivationPlan): string[] {
  const { optimize, simplify, textureSize, compress } = completePlan(plan)
  const implied: DerivationPlan = optimize ? OPTIMIZED : { compress: 'none' }
  return [
    ...(simplify === undefined ? [] : [`simplify=${simplify}`]),
    ...(optimize ? [`optimize@${OPTIMIZE_REVISION}`] : []),
    ...(textureSize === undefined || textureSize === implied.textureSize
      ? []
      : [`texture-size=${textureSize}`]),
    ...(compress === undefined || compress === implied.compress ? [] : [`compress=${compress}`]),
  ]
}

function withoutGaps(plan: DerivationPlan): DerivationPlan {
  return Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined))
}
