import { need } from '../libraries.ts'
import type { Step } from './step.ts'

/** Pictures that are looked at. */
const COLOR_SLOTS = /^(?:baseColor|emissive|diffuse|specularColor|sheenColor)/
/** Numbers in the form of pictures, where an error of one step shows as a wrong reflection. */
const DATA_SLOTS = /^(?!baseColor|emissive|diffuse|specularColor|sheenColor)/

const COLOR_QUALITY = 80
const DATA_QUALITY = 90

/** Makes textures smaller: to WebP for `optimize`, else in the format that they have. */
export const textures: Step = {
  name: 'texture-size',
  isAsked: (plan) => plan.textureSize !== undefined,
  async apply({ document, tools, plan: { optimize, textureSize = Infinity } }) {
    const { textureCompress } = tools.functions
    const resize: [number, number] = [textureSize, textureSize]
    const size = { encoder: need(tools, 'sharp'), resize }
    if (!optimize) return void (await document.transform(textureCompress(size)))
    await document.transform(
      textureCompress({ ...size, targetFormat: 'webp', slots: COLOR_SLOTS, quality: COLOR_QUALITY }),
      textureCompress({ ...size, targetFormat: 'webp', slots: DATA_SLOTS, quality: DATA_QUALITY }),
    )
  },
}
