import { compress } from './compress.ts'
import { lods } from './lods.ts'
import { optimize } from './optimize.ts'
import { place } from './place.ts'
import { simplify } from './simplify.ts'
import type { Step } from './step.ts'
import { textures } from './textures.ts'

/** Every step, in the order in which they are applied. */
export const STEPS: readonly Step[] = [optimize, simplify, lods, textures, place, compress]
