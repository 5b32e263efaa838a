import { simplifyTo } from './simplify.ts'
import type { Step } from './step.ts'

/** So few cost nothing to draw, and fewer would not show what a thing is. */
const FEWEST = 64
/** What is seen from far away may lose the tip of an antenna. */
const TOLERANCE = 0.15

/** One level of detail: a part of the triangles that the first one has. */
export const lods: Step = {
  name: 'lods',
  isAsked: (plan) => plan.level !== undefined,
  async apply(work) {
    const { plan, before } = work
    const triangles = Math.max(FEWEST, Math.round(before.triangles * (plan.level ?? 1)))
    const { changes } = await simplifyTo(work, { triangles, error: 1 }, `lods, ${triangles} triangles`)
    return { ...changes, tolerance: TOLERANCE }
  },
}
