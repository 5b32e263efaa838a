import type { Directives } from './directives.ts'
import { modelWarning, retiredFamilies, textureModelWarning } from './models.ts'

type Check = (directives: Directives) => string | undefined | false

const CHECKS: readonly Check[] = [
  ({ is_a_t_pose: pose }) =>
    pose !== undefined && '`is_a_t_pose` is deprecated: write `pose=a-pose` or `pose=t-pose`.',
  ({ hd_texture: hd }) => hd !== undefined && '`hd_texture` is deprecated: write `texture_resolution=4k`.',
  ({ symmetry }) =>
    symmetry !== undefined && '`symmetry` has no effect: the service ignores it since 2026-05-11.',
  withoutLighting,
  colorAlone,
  retiredFamily,
  ({ model }) => model !== undefined && modelWarning(model),
  ({ texture_model: model }) => model !== undefined && textureModelWarning(model),
]

/** What passes, but is worth telling the author of an import. */
export function requestWarnings(directives: Directives): string[] {
  return CHECKS.map((check) => check(directives)).filter((warning) => typeof warning === 'string')
}

function withoutLighting({ remove_lighting: asked, model = 'latest' }: Directives): string | false {
  if (asked === undefined || model === 'meshy-6') return false
  return `\`remove_lighting\` may have no effect with \`model=${model}\`: it is known to work with \`model=meshy-6\` only.`
}

function colorAlone({ texture_model: model, pbr }: Directives): string | false {
  if (model !== 'meshy-n1' || pbr !== true) return false
  return '`pbr` may have no effect with `texture_model=meshy-n1`: it is known to make a base color only.'
}

function retiredFamily({ model_type: family = 'standard' }: Directives): string | undefined {
  const gone = retiredFamilies.get(family)
  return (
    gone &&
    `\`model_type=${family}\` was retired on ${gone.since}: the service refuses it; write \`${gone.instead}\`.`
  )
}
