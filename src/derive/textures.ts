import type { Transform } from '@gltf-transform/core'
import type { Tools } from './libraries.ts'
import { completePlan, type DerivationPlan } from './steps.ts'

/** Pictures that are looked at. */
const COLOR_SLOTS = /^(?:baseColor|emissive|diffuse|specularColor|sheenColor)/
/** Numbers in the form of pictures, where an error of one step shows as a wrong reflection. */
const DATA_SLOTS = /^(?!baseColor|emissive|diffuse|specularColor|sheenColor)/

const COLOR_QUALITY = 80
const DATA_QUALITY = 90

/** The transforms that make textures smaller: to WebP for `optimize`, else in the format that they have. */
export function textureTransforms(plan: DerivationPlan, { functions, sharp }: Tools): Transform[] {
  const { optimize, textureSize } = completePlan(plan)
  if (!sharp || textureSize === undefined) return []
  const { textureCompress } = functions
  const size = { encoder: sharp, resize: [textureSize, textureSize] satisfies [number, number] }
  if (!optimize) return [textureCompress(size)]
  return [
    textureCompress({ ...size, targetFormat: 'webp', slots: COLOR_SLOTS, quality: COLOR_QUALITY }),
    textureCompress({ ...size, targetFormat: 'webp', slots: DATA_SLOTS, quality: DATA_QUALITY }),
  ]
}
