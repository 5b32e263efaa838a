import { compress } from './compress.ts'
import { optimize } from './optimize.ts'
import { place } from './place.ts'
import { simplify, simplifyTo } from './simplify.ts'
import type { Step } from './step.ts'
import { textures } from './textures.ts'

/** So few cost nothing to draw, and fewer would not show what a thing is. */
const FEWEST = 64
/** What is seen from far away may lose the tip of an antenna. */
const TOLERANCE = 0.15

/** One level of detail: a part of the triangles that the first one has. */
const lods: Step = {
  name: 'lods',
  isAsked: (plan) => plan.level !== undefined,
  async apply(work) {
    const { plan, before } = work
    const triangles = Math.max(FEWEST, Math.round(before.triangles * (plan.level ?? 1)))
    const { changes } = await simplifyTo(work, { triangles, error: 1 }, `lods, ${triangles} triangles`)
    return { ...changes, tolerance: TOLERANCE }
  },
}

/** Every step, in the order in which they are applied. */
export const STEPS: readonly Step[] = [optimize, simplify, lods, textures, place, compress]
