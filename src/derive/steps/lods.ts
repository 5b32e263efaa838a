import { simplify } from './simplify.ts'
import type { Step } from './step.ts'

/** Fewer do not show what a thing is. */
const FEWEST = 4

/** One level of detail: a part of the triangles that the first one has. */
export const lods: Step = {
  name: 'lods',
  isAsked: (plan) => plan.level !== undefined,
  async apply(work) {
    const { plan, before } = work
    const triangles = Math.max(FEWEST, Math.round(before.triangles * (plan.level ?? 1)))
    return simplify.apply({ ...work, plan: { ...plan, simplify: triangles } })
  },
}
